"""The little that running a pipeline needs to know of its project: `[tool.thruway]`.

```toml
[tool.thruway]
pipeline = "churn.pipeline:churn"
data = "../.."      # the folder that relative data paths refer to, relative to the project
climb = 0           # levels above it that such paths reach (`../data/x.csv`: 1)
seed = 0            # ambient seed of every step
program = "churn.py" # what steps see as `sys.argv[0]`; empty by default
local = "local"     # copies of modules that lay beside the original; none by default
path = ["src", "."] # where these are found, as the program had it on `sys.path`
store = "s3://bucket/churn"       # where objects are kept: a folder, or a URL that fsspec knows
lineage = "postgresql://host/ml"  # where lineage is kept: a file beside the objects by default
trust = true        # load pickles from a store that others can write to
```

The environment variables `THRUWAY_STORE` and `THRUWAY_LINEAGE` win over the settings. This module
reads where things are kept; what is done there is `run.store`'s and `run.lineage`'s business.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from thruway.errors import ProjectError

if TYPE_CHECKING:
    from thruway.kit.dag import Dag

_SETTINGS: dict[str, type] = {
    "pipeline": str,
    "data": str,
    "climb": int,
    "seed": int,
    "program": str,
    "outputs": str,
    "store": str,
    "lineage": str,
    "trust": bool,
    "local": str,
    "path": list,
}
_NOUNS = {
    int: "a number from 0",
    str: "a text",
    list: "a list of texts",
    bool: "true or false",
}
_STORE = ".thruway"
SQLITE = "sqlite:///"
"""What the URL of a file begins with; its path follows."""
PARENT = "__parent__"
"""In the folder of copied modules, what `..` is in a path."""
_SAMPLE = 'write [tool.thruway] with pipeline = "package.module:function" in pyproject.toml'


@dataclass(frozen=True)
class StoreConfig:
    """Where the runs of a project are kept.

    Attributes:
        folder: on this machine: the objects, or copies of those that are kept elsewhere, the
            lineage if it has no place of its own, and what a run needs while it goes on.
        objects: URL of the objects; "" for those in the folder.
        lineage: URL of the lineage; "" for the file in the folder.
        trust: load pickles although others can write to the store.
        pipeline: name of the pipeline, by which its runs are found where several share a lineage.
    """

    folder: Path
    objects: str = ""
    lineage: str = ""
    trust: bool = False
    pipeline: str = ""


@dataclass(frozen=True)
class ProjectConfig:
    """A pipeline and its surroundings.

    Attributes:
        dir: folder of the project, from which its modules are imported.
        module: dotted name of the pipeline's module.
        name: name of the pipeline function in it.
        data: folder that relative data paths refer to.
        climb: how many levels above `data` such paths reach.
        seed: ambient seed of every step.
        program: what steps see as `sys.argv[0]`.
        outputs: folder for the files that a run wrote.
        store: folder of the store on this machine.
        objects: URL under which the objects are kept; "" for the folder of the store.
        lineage: URL of the lineage; "" for a file in the folder of the store.
        trust: load pickles although others can write to the store.
        local: folder with copies of modules that lay beside the original; None if there are none.
        path: folders in which these are found, posix, relative to `data`, first ones first.
    """

    dir: Path
    module: str
    name: str
    data: Path
    climb: int = 0
    seed: int = 0
    outputs: Path = Path("outputs")
    store: Path = Path(_STORE)
    program: str = ""
    local: Path | None = None
    path: tuple[str, ...] = (".",)
    objects: str = ""
    lineage: str = ""
    trust: bool = False

    @property
    def storage(self) -> StoreConfig:
        """Where the runs are kept."""
        return StoreConfig(self.store, self.objects, self.lineage, self.trust, self.name)

    def dag(self) -> Dag:
        """Return the DAG of its pipeline, read from the text.

        Raises:
            PipelineError: the text is not a pipeline.
        """
        # Imported here: where a project lies needs no reader.
        from thruway.kit.reading.read import read_pipeline

        return read_pipeline(self)

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders in which the text of first-party modules is.

        Without copies of the modules beside the original, the data folder comes last: they are
        imported from it.
        """
        own = self._own
        if self.local is not None:
            return (*own, *(self.local / local_place(each) for each in self.path))
        return own if self.data in own else (*own, self.data)

    def roots_in(self, cwd: Path) -> tuple[Path, ...]:
        """Return the folders from which a step that runs in `cwd` imports first-party modules.

        The copies are laid into every working folder, so that `__file__` and what lies beside it
        are there what they were beside the original.
        """
        if self.local is None:
            return self.roots
        places = (Path(os.path.normpath(cwd / each)) for each in self.path)
        return (*self._own, *places)

    @property
    def _own(self) -> tuple[Path, ...]:
        source = self.dir / "src"
        return (self.dir, source) if source.is_dir() else (self.dir,)

    @property
    def file(self) -> Path:
        """File of the pipeline."""
        return _module_file(self.module, self.roots)


def local_place(path: str) -> Path:
    """Return where a path relative to the data folder is, in the folder of copied modules.

    >>> local_place("../lib/a.py").as_posix()
    '__parent__/lib/a.py'
    """
    parts = PurePosixPath(os.path.normpath(path).replace(os.sep, "/")).parts
    return Path(*(PARENT if part == ".." else part for part in parts))


def load_project(path: Path | str) -> ProjectConfig:
    """Return the project at a path.

    Args:
        path: a project's folder (or one inside it), its `pyproject.toml`,
            `path/to/pipeline.py[:name]`, or `package.module:name` seen from the working folder.

    Raises:
        ProjectError: there is none, or its settings are wrong.
    """
    text = str(path)
    file, _, name = text.rpartition(":") if _names_function(text) else (text, "", "")
    place = Path(file).absolute()
    if place.name == "pyproject.toml" and place.is_file():
        return _from_settings(place.parent)
    if place.is_dir():
        return _from_settings(_enclosing(place))
    if place.suffix == ".py" and place.is_file():
        return _from_file(place.resolve(), name)
    if name and place.suffix != ".py":
        return locate_project(Path.cwd(), file, name, Path.cwd())
    raise ProjectError(
        f"There is no project at {text}.",
        str(place),
        "give a folder with a pyproject.toml, a pipeline.py, or package.module:function",
    )


def _names_function(text: str) -> bool:
    """Whether the text ends in `:name` (and is not a Windows drive)."""
    before, colon, name = text.rpartition(":")
    return bool(colon) and name.isidentifier() and len(before.partition(":")[0]) > 1


def _enclosing(folder: Path) -> Path:
    """Return the nearest folder upwards with settings."""
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / "pyproject.toml").is_file() and _read(candidate):
            return candidate
    raise ProjectError(f"{folder.name} is not a Thruway project.", str(folder), _SAMPLE)


def _read(folder: Path) -> dict[str, Any]:
    # Imported here: a pipeline that is given as a file does not need it.
    import tomllib

    file = folder / "pyproject.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"pyproject.toml is not valid TOML: {error}.", str(file), "correct the file"
        ) from error
    settings = content.get("tool", {}).get("thruway", {})
    if not isinstance(settings, dict):
        raise ProjectError("tool.thruway is not a table.", str(file), _SAMPLE)
    return settings


def _from_settings(folder: Path) -> ProjectConfig:
    folder = folder.resolve()
    settings = _checked(_read(folder), folder / "pyproject.toml")
    if "pipeline" not in settings:
        raise ProjectError(
            "The project does not say which pipeline is its own.",
            str(folder / "pyproject.toml"),
            _SAMPLE,
        )
    module, _, name = settings["pipeline"].partition(":")
    if not module or not name.isidentifier():
        raise ProjectError(
            f"`pipeline` must be `package.module:function`, not `{settings['pipeline']}`.",
            str(folder / "pyproject.toml"),
            'write for example pipeline = "churn.pipeline:churn"',
        )
    return _config(folder, module, name, settings)


def _checked(settings: dict[str, Any], file: Path) -> dict[str, Any]:
    for name, value in settings.items():
        wanted = _SETTINGS.get(name)
        if wanted is None:
            raise ProjectError(
                f"`{name}` is not a setting.", str(file), f"use one of: {', '.join(_SETTINGS)}"
            )
        negative = type(value) is int and value < 0
        mixed = type(value) is list and not all(isinstance(item, str) for item in value)
        if type(value) is not wanted or negative or mixed:
            raise ProjectError(
                f"`{name}` must be {_NOUNS[wanted]}, not {value!r}.",
                str(file),
                "correct the setting",
            )
    return settings


def _config(
    folder: Path, module: str, name: str, settings: dict[str, Any], data: Path | None = None
) -> ProjectConfig:
    folder = folder.resolve()
    chosen = (folder / settings["data"]) if "data" in settings else data or folder
    if not chosen.is_dir():
        raise ProjectError(
            f"The data folder does not exist: {chosen}.",
            str(folder / "pyproject.toml"),
            "correct `data`, which is relative to the project's folder",
        )
    store, objects = _kept(folder, _setting("store", settings) or _STORE)
    config = ProjectConfig(
        dir=folder,
        module=module,
        name=name,
        data=chosen.resolve(),
        climb=settings.get("climb", 0),
        seed=settings.get("seed", 0),
        program=settings.get("program", ""),
        outputs=folder / settings.get("outputs", "outputs"),
        store=store,
        objects=objects,
        lineage=_lineage(folder, _setting("lineage", settings)),
        trust=settings.get("trust", False),
        local=folder / settings["local"] if "local" in settings else None,
        path=tuple(settings.get("path", ["."])),
    )
    _module_file(module, config.roots)
    return config


def _setting(name: str, settings: dict[str, Any]) -> str:
    return os.environ.get(f"THRUWAY_{name.upper()}", "") or str(settings.get(name, ""))


def _kept(folder: Path, text: str) -> tuple[Path, str]:
    """Return the folder of the store, and the URL of its objects if they are kept elsewhere.

    >>> [str(part) for part in _kept(Path("p"), "s3://b/x/")]
    ['p/.thruway', 's3://b/x']
    """
    if not is_url(text):
        return folder / text, ""
    trimmed = text.rstrip("/")
    return folder / _STORE, trimmed if is_url(trimmed) else text


def _lineage(folder: Path, text: str) -> str:
    """Return the URL of a lineage; a path is one of a SQLite file."""
    path = text.removeprefix(SQLITE)
    return text if not text or is_url(path) else f"{SQLITE}{(folder / path).as_posix()}"


def is_url(text: str) -> bool:
    """Say whether a text is a URL, and not a path."""
    return "://" in text


def _module_file(module: str, roots: tuple[Path, ...]) -> Path:
    for root in roots:
        place = root.joinpath(*module.split("."))
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return file
    raise ProjectError(
        f"There is no module `{module}` in the project.",
        str(roots[0]),
        "correct the name of the pipeline's module",
    )


def _from_file(file: Path, name: str) -> ProjectConfig:
    root, parts = file.parent, [file.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    if parts[-1] == "__init__" and parts[:-1]:
        parts.pop()
    return locate_project(root, ".".join(parts), name or _only_pipeline(file, root), file.parent)


def locate_project(root: Path, module: str, name: str, data: Path) -> ProjectConfig:
    """Return the project around a pipeline whose place is known.

    Args:
        root: folder from which its module is imported.
        module: dotted name of its module.
        name: name of the pipeline function.
        data: what relative data paths refer to when no settings say so.
    """
    places = (root, root.parent) if root.name == "src" else (root,)
    for folder in places:
        if (folder / "pyproject.toml").is_file():
            settings = _checked(_read(folder), folder / "pyproject.toml")
            if settings:
                return _config(folder, module, name, settings, data)
    return _config(root, module, name, {}, data)


def _only_pipeline(file: Path, root: Path) -> str:
    # Imported here: reading needs projects, and only this needs reading.
    from thruway.kit.code.modules import Finder, module_name, parsed
    from thruway.kit.reading.signature import pipelines_of

    module = parsed(module_name(file, [root]), file, file.name == "__init__.py")
    names = [node.name for node in pipelines_of(Finder((root,)), module)]
    if len(names) == 1:
        return names[0]
    raise ProjectError(
        f"{file.name} has several pipelines." if names else f"{file.name} has no pipeline.",
        str(file),
        f"choose one: {', '.join(f'{file.name}:{name}' for name in names)}"
        if names
        else "put @pipeline above the function",
    )
