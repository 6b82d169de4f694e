"""A project to score in: made once, copied for each test."""

from __future__ import annotations

from tests.scored_project import bare_template, decided, loans, loans_made, sealed_template

__all__ = ["bare_template", "decided", "loans", "loans_made", "sealed_template"]
