"""Features inside the locked environment: training sets, the online store, look-ups. Part of the wing."""
