"""The same commands where a person sits, and where nobody does."""

from __future__ import annotations

import re
from pathlib import Path

from tests.journeys.kills import gone
from tests.journeys.world import ACTUM, World
from tests.terminal import Answer, Shown, in_terminal


def on_terminal(world: World, *words: str, answers: tuple[Answer, ...] = (), **variables: str) -> Shown:
    return in_terminal([*ACTUM, *words], cwd=world.repo, env={**world.env, **variables}, answers=answers)


def waiting(world: World, door: Path) -> None:
    """Have the train stage wait until somebody opens the door."""
    world.edit(
        "src/train.py",
        "import hashlib\n",
        f"import hashlib\nimport os\nimport time\n\nwhile not os.path.exists({str(door)!r}):\n    time.sleep(0.02)\n",
    )


def test_a_run_shows_its_stages_as_a_bar_and_foreign_names_as_text(begun: World, tmp_path: Path) -> None:
    door = tmp_path / "door"
    waiting(begun, door)
    begun.edit("dvc.yaml", "  train:\n", '  "tr[red]ai\\u202en":\n')
    begun.commit()
    done = on_terminal(begun, "run", answers=(("1/3 stages", door.touch),))
    assert done.code == 0, done.sent
    bars = [line[line.index("━") :] for line in done.drawings() if "1/3 stages" in line]
    assert rf"{'━' * 6}╸{' ' * 13}  1/3 stages  stage tr[red]ai\u202en" in bars
    assert r"  stage 'tr[red]ai\u202en'" in done.lines()
    assert "\u202e" not in done.sent
    assert not any("━" in line for line in done.lines())
    assert done.lines()[-1] == "next: actum register tiny"


def test_a_control_sequence_in_a_stage_name_does_not_reach_the_terminal(begun: World) -> None:
    begun.edit("dvc.yaml", "  train:\n", '  "tr\\e7ain\\a":\n')
    begun.commit()
    done = on_terminal(begun, "run")
    assert done.code != 0
    assert not any(sequence in done.sent for sequence in ("\x1b7", "\x07"))


def test_a_run_without_a_terminal_says_what_it_always_said(begun: World, tmp_path: Path) -> None:
    plain = begun.copy(tmp_path / "plain").actum("run")
    stages = "  stage 'prepare'\n  stage 'train'\n  stage 'evaluate'\n"
    assert re.fullmatch(rf"(making the environment: .*\n)?{stages}next: actum register tiny\n", plain.err), plain.err
    asked = begun.copy(tmp_path / "asked").actum("run", "--json")
    assert asked.err == stages
    shown = on_terminal(begun, "run", "--json")
    assert "\x1b" not in shown.sent
    assert "".join(f"{line}\n" for line in shown.lines()[:3]) == stages


def test_ctrl_c_amid_a_stage_leaves_a_clean_terminal_and_no_process(begun: World, tmp_path: Path) -> None:
    waiting(begun, tmp_path / "door that nobody opens")
    begun.commit()
    done = on_terminal(begun, "run", answers=(("1/3 stages", b"\x03"),))
    assert done.code == 130
    assert done.lines()[-3:] == ["  stage 'prepare'", "  stage 'train'", "interrupted"]
    assert "\x1b[?25l" not in done.sent
    assert gone(begun.root, within_s=3.0) == []


def test_a_rebuild_shows_its_stages_and_a_terminal_without_sequences_gets_lines(tiny: World) -> None:
    rebuilt = on_terminal(tiny, "rebuild", "tiny@v1.0.0")
    assert rebuilt.code == 0, rebuilt.sent
    assert any("/3 stages" in line for line in rebuilt.drawings())
    assert rebuilt.lines()[-1].startswith("VERDICT  bytes")
    plain = on_terminal(tiny, "rebuild", "tiny@v1.0.0", TERM="dumb")
    assert (plain.code, "\x1b" in plain.sent) == (0, False)
