"""The online store and its look-ups: what the features of an entity are, in microseconds. Tool and wing share it."""
