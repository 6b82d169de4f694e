"""The reads: what there is, one thing by its id, what happened, what differs. Values only; the cli prints them."""
