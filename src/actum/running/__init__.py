"""``actum run``: execute the pipeline in the locked environment, and put on record what was executed."""
