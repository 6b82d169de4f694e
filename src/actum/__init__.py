"""Git-native MLOps: records in git, bytes in DVC, any past model rebuilt from a commit.

From Python: ``actum.run()`` logs a run of a script or a notebook, ``actum.runs()`` returns all of them as a table,
``actum.features`` builds training sets. Nothing is loaded before it is asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from actum.logbook.script import run
    from actum.logbook.table import runs

__all__ = ["run", "runs"]


def __getattr__(name: str) -> object:
    if name == "run":
        from actum.logbook.script import run

        return run
    if name == "runs":
        from actum.logbook.table import runs

        return runs
    if name == "features":
        import importlib

        return importlib.import_module("actum.features")
    raise AttributeError(f"module 'actum' has no attribute {name!r}")
