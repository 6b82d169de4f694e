"""``actum score``: decide about a table of rows, seal the decisions, commit the seal."""
