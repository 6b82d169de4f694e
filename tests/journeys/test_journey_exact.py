"""run, register, rebuild: the bytes come out again, from wherever and under whatever they are asked for."""

from __future__ import annotations

from pathlib import Path

from world import World


def test_a_registered_model_is_rebuilt_to_its_bytes_and_attested_without_touching_the_checkout(linear: World) -> None:
    linear.write("notes.txt", "work in progress\n")
    linear.write("staged.txt", "staged\n")
    linear.git("add", "staged.txt")
    before = linear.footprint()
    done = linear.actum("rebuild", "linear@v1.0.0")
    assert linear.footprint() == before
    assert "VERDICT  bytes" in done.out
    assert "3 of 3 re-run, cache off" in done.out
    assert "2 of 2 equal" in done.out
    assert len(linear.attestations()) == 1
