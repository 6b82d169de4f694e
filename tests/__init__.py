"""The tests. Helper modules of a folder are imported by their whole name: ``from tests.dvc.dvc_project import ...``."""
