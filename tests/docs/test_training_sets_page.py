"""The pipeline on the page about training sets is one, and the page knows each option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from actum.dvc.pipeline import read_pipeline
from actum.features.__main__ import parser

PAGE = (Path(__file__).parents[2] / "docs/training-sets.md").read_text(encoding="utf-8")


def test_the_pipeline_on_the_page_reads_what_it_processes() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    pipeline = read_pipeline({"dvc.yaml": block.encode()}.get, "dvc.yaml")
    asked = {stage.name: parser().parse_args(shlex.split(stage.cmd[0])[3:]) for stage in pipeline.stages}
    views, *models = asked.values()
    (folder,) = pipeline.stage("views").outs
    assert (folder.path, folder.persist, str(views.out)) == ("data/views", True, "data/views")
    assert [(model.command, str(model.views)) for model in models] == [("build", "data/views")] * 2
    for stage in pipeline.stages[1:]:
        assert {"data/views", "features"} <= set(stage.deps)
        assert [out.path for out in stage.outs] == [str(asked[stage.name].out)]


def test_every_option_is_on_the_page() -> None:
    told = parser().format_help() + "".join(
        command.format_help()
        for action in parser()._actions
        if isinstance(action.choices, dict)
        for command in action.choices.values()
    )
    missing = [option for option in set(re.findall(r"--[a-z]+", told)) - {"--help"} if f"`{option}" not in PAGE]
    assert missing == []
