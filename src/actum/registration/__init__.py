"""``actum register``: give what a run made a version that never changes."""
