"""The page that a reviewer of a promotion reads: pure text out of values, the first twelve lines decide."""
