"""Questions to all runs at once: which, in which order, what of them; as rows, a DataFrame, a file or a picture."""
