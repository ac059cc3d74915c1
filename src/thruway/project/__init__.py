"""Text out: a plan as a project of steps, pipeline, tests and requirements."""

from thruway.project.load import edited_files, load_manifest
from thruway.project.render import render
from thruway.project.report_proof import proven_text
from thruway.project.types import Manifest
from thruway.project.write import update_files, write_project

__all__ = [
    "Manifest",
    "edited_files",
    "load_manifest",
    "proven_text",
    "render",
    "update_files",
    "write_project",
]
