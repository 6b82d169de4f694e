"""Merkle trees against the recursive definition of RFC 6962 and the vectors of Certificate Transparency."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum import merkle

# certificate-transparency-go: the eight leaves of its reference tree, and the root after each
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
rows = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def by_definition(data: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    split = 1
    while split * 2 < len(data):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(data[:split]) + by_definition(data[split:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_the_roots_of_certificate_transparency(count: int) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:count]]
    assert merkle.root(leaves).hex() == ROOTS[count - 1]


def test_the_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(rows)
def test_the_root_is_the_recursive_definitions(data: list[bytes]) -> None:
    assert merkle.root([merkle.leaf_hash(row) for row in data]) == by_definition(data)


@given(rows, st.data())
def test_each_leafs_proof_leads_to_the_root_and_no_other_leaf_does(data: list[bytes], draw: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(row) for row in data]
    index = draw.draw(st.integers(0, len(leaves) - 1))
    steps = merkle.proof(leaves, index)
    assert merkle.root_from_proof(leaves[index], steps) == merkle.root(leaves)
    assert len(steps) <= (len(leaves) - 1).bit_length()
    assert merkle.root_from_proof(merkle.leaf_hash(b"another row"), steps) != merkle.root(leaves)


def test_an_inner_node_cannot_pass_for_a_leaf() -> None:
    leaves = [merkle.leaf_hash(row) for row in (b"a", b"b", b"c", b"d")]
    inner = leaves[0] + leaves[1]
    assert merkle.root([merkle.leaf_hash(inner), merkle.leaf_hash(leaves[2] + leaves[3])]) != merkle.root(leaves)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError, match=rf"^leaf {index} of 3$"):
        merkle.proof([b"a", b"b", b"c"], index)
