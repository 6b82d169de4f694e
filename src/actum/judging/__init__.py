"""Judge a challenger beside the champion on the pinned holdout, from registered bytes, each in its own environment."""
