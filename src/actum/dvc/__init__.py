"""The only place that runs ``dvc`` and that knows its formats: pipeline, lock, tracked files, cache, remotes."""
