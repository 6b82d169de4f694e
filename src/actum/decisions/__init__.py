"""Segments of decisions: rows in Parquet under DVC, each a leaf of a Merkle tree whose root is sealed in git."""
