"""``actum rebuild``: from a version back to its bytes; a verdict, not a hope."""
