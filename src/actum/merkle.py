"""Merkle trees as RFC 6962 (section 2.1) has them: roots, and proofs that one leaf is in a tree.

Source: RFC 6962, Certificate Transparency. Leaves and nodes are hashed apart (0x00, 0x01), so that no
inner node can pass for a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple


class Step(NamedTuple):
    """One sibling on the way from a leaf to the root, and the side on which it stands."""

    side: Literal["left", "right"]
    digest: bytes


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; of no leaves, the hash of the empty string."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:  # a last node without a partner moves up: the same tree as the recursive definition
        level = [_parent(level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> tuple[Step, ...]:
    """Return the siblings that lead from leaf *index* to the root, lowest first.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    steps: list[Step] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            steps.append(Step("left" if sibling < index else "right", level[sibling]))
        level = [_parent(level[at : at + 2]) for at in range(0, len(level), 2)]
        index //= 2
    return tuple(steps)


def root_from_proof(leaf: bytes, steps: Sequence[Step]) -> bytes:
    """Return the root that *leaf* (a leaf hash) and its siblings lead to."""
    node = leaf
    for step in steps:
        pair = (step.digest, node) if step.side == "left" else (node, step.digest)
        node = _parent(pair)
    return node


def _parent(pair: Sequence[bytes]) -> bytes:
    if len(pair) == 1:
        return pair[0]
    return hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest()
