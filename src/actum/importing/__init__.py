"""The use cases of ``import``: what other log-books and registries hold, taken over with nothing invented."""
