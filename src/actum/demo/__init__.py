"""``actum demo``: a model's whole life, lived by real commands in a real repository."""
