"""The log-book of runs: the journal of the one under way, and what earlier ones have on record."""
