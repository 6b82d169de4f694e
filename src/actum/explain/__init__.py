"""``actum why``: one decision explained, replayed and proved."""
