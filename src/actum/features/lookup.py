"""Look features up from an online store, in any process that serves: the one door to it for the wing's users.

    from actum.features.lookup import Lookup

It needs the standard library and the definitions alone; see :mod:`actum.online.lookup`.
"""

from actum.online.lookup import Found, Lookup, SkewError
from actum.online.store import StoreError

__all__ = ["Found", "Lookup", "SkewError", "StoreError"]
