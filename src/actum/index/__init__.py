"""``.actum/index.sqlite``: what was read from git once, so that it is not decoded again. Never the truth."""
