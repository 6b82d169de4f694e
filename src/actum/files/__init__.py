"""Text and bytes on disk: YAML and JSON read with limits, written canonically, placed atomically. No git here."""

from actum.files.disk import create, inside, replace, sweep
from actum.files.held import Held, dead, hold, remove_dead, take_dead
from actum.files.json_text import read_json, write_json
from actum.files.text import Limits
from actum.files.yaml_editing import edit_yaml
from actum.files.yaml_places import Lines, line_of
from actum.files.yaml_reading import read_yaml
from actum.files.yaml_writing import write_yaml

__all__ = [
    "Held",
    "Limits",
    "Lines",
    "create",
    "dead",
    "edit_yaml",
    "hold",
    "inside",
    "line_of",
    "read_json",
    "read_yaml",
    "remove_dead",
    "replace",
    "sweep",
    "take_dead",
    "write_json",
    "write_yaml",
]
