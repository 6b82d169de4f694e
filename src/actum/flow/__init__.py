"""A pipeline as dvc.yaml has it and as runs on record made it: its page, and what is wrong with it."""
