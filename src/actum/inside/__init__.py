"""The wing: code of ours that runs inside a model's locked environment, travelling as a zip on the child's path."""
