"""A project as a container image: where it lies there, and the folder that it is built from.

`place` says where, `context` writes the folder, `requirements` says what is installed, and `wheel`
packs the Thruway that is running. No engine for containers is needed, nor asked.
"""

from thruway.targets.image.context import Context, ImageOptions, build_context
from thruway.targets.image.place import place_in_image

__all__ = ["Context", "ImageOptions", "build_context", "place_in_image"]
