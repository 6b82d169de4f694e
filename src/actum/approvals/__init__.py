"""Who agreed to which plan: what is signed, where it travels, whose it is, and whether it is enough."""
