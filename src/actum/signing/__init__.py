"""Detached SSH signatures by ``ssh-keygen -Y``, and the lists of keys that say whose they are."""
