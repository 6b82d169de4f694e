"""The features of one revision as its words: each for one thing, each thing under one, and who uses them."""
