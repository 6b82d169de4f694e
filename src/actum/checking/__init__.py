"""A revision judged against its base: every rule that can object to a change, and the page that tells of it."""
