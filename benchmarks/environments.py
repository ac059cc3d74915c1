"""The environments that the benchmarks run in: one for each system, made once, all alike but for it.

Every system gets a virtual environment of its own below `--envs`, with the same versions of NumPy,
pandas, scikit-learn and pyarrow, so that times differ by the system and nothing else. What is in
them is compiled ahead, no system may call home, and what they keep goes to a scratch `HOME`.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

STACK = ("numpy==2.4.6", "pandas==3.1.1", "scikit-learn==1.9.1", "pyarrow==26.0.1")

PINS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "thruway": (),  # the checkout itself
    "dagster": ("dagster==1.13.29",),
    "dvc": ("dvc==3.67.1",),
    "flytekit": ("flytekit==1.16.31",),
    "hamilton": ("apache-hamilton==1.90.0",),
    "kedro": ("kedro==1.7.0", "kedro-datasets[pandas,pickle]==9.6.0"),
    "kfp": ("kfp==2.17.3",),
    "metaflow": ("metaflow==2.19.39",),
    # With a newer FastAPI the temporary server of Prefect does not start.
    "prefect": ("prefect==3.9.1", "fastapi==0.139.2"),
    "zenml": ("zenml[local]==0.98.0",),
}
"""Environment → what is in it beside the stack."""

TITLES = {
    "plain": "plain script",
    "thruway": "Thruway",
    "dagster": "Dagster",
    "dvc": "DVC",
    "flytekit": "flytekit",
    "hamilton": "Hamilton",
    "kedro": "Kedro",
    "kfp": "KFP local",
    "metaflow": "Metaflow",
    "prefect": "Prefect",
    "zenml": "ZenML",
}

QUIET = {
    "DO_NOT_TRACK": "1",
    "KEDRO_DISABLE_TELEMETRY": "1",
    "HAMILTON_TELEMETRY_ENABLED": "false",
    "DVC_NO_ANALYTICS": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "ZENML_LOGGING_VERBOSITY": "WARN",
    "ZENML_ENABLE_RICH_TRACEBACK": "false",
    "DAGSTER_TELEMETRY_ENABLED": "false",
    "METAFLOW_USER": "bench",
    "METAFLOW_DEFAULT_METADATA": "local",
    "METAFLOW_DEFAULT_DATASTORE": "local",
    "AUTO_OPEN_DASHBOARD": "false",
}
"""Telemetry off, and nothing asked."""


def environment(name: str, envs: Path) -> str:
    """Return the interpreter of an environment, which is made unless it is there as pinned."""
    folder = envs.resolve() / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = [*STACK, *PINS[name], *([f"thruway @ {ROOT}"] if name == "thruway" else [])]
    stamp = folder / "pins.json"
    if stamp.is_file() and json.loads(stamp.read_text()) == wanted:
        return str(python)
    print(f"making the environment of {TITLES[name]} …", file=sys.stderr, flush=True)
    if not python.exists():
        venv.create(folder, with_pip=shutil.which("uv") is None)
    words = [*STACK, *PINS[name], *(["-e", str(ROOT)] if name == "thruway" else [])]
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "-q", "--python", str(python)] if uv else None
    install = install or [str(python), "-m", "pip", "install", "-q"]
    subprocess.run([*install, *words], check=True)
    compiled(python, ROOT / "src" if name == "thruway" else None)
    stamp.write_text(json.dumps(wanted))
    return str(python)


def compiled(python: Path, source: Path | None = None) -> None:
    """Compile all that an environment holds, as an installation with pip does."""
    library = python.parent.parent / "lib"
    folders = [str(folder) for folder in (library, source) if folder is not None]
    words = [str(python), "-m", "compileall", "-q", "-q", *folders]
    subprocess.run(words, check=False, env=clean(), capture_output=True)


def clean() -> dict[str, str]:
    """Return this process's environment without what would bend a measurement."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: text for name, text in os.environ.items() if name not in dropped}


def surroundings(python: str, home: Path) -> dict[str, str]:
    """Return the variables for a program: quiet, one thread, all state in a scratch home.

    Args:
        python: its interpreter, whose folder comes first on the path.
        home: stands for `$HOME`; made if it is not there.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster").mkdir(exist_ok=True)
    (home / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    places = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_DATA_HOME": home / "data",
        "PREFECT_HOME": home / "prefect",
        "ZENML_CONFIG_PATH": home / "zenml",
        "DAGSTER_HOME": home / "dagster",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": home,
        "DVC_SITE_CACHE_DIR": home / "dvc",
    }
    return {
        **clean(),
        **QUIET,
        **{name: str(place) for name, place in places.items()},
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")]),
    }


def versions(python: str, names: list[str]) -> dict[str, str]:
    """Return the versions of distributions in an environment, "" for one that is not there."""
    code = (
        "import json, sys\nfrom importlib.metadata import PackageNotFoundError, version\n"
        "def of(name):\n    try:\n        return version(name)\n"
        "    except PackageNotFoundError:\n        return ''\n"
        "print(json.dumps({name: of(name) for name in sys.argv[1:]}))"
    )
    asked = [python, "-c", code, *names]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=clean())
    return json.loads(done.stdout)


def distribution(name: str) -> str:
    """Return the name of the distribution that a system is; "" for the plain script."""
    if name == "thruway":
        return "thruway"
    return PINS[name][0].partition("==")[0].partition("[")[0] if PINS[name] else ""


def machine() -> str:
    """Return what kind of machine this is, in a line without any name or path."""
    gigabytes = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        gigabytes = f", {pages / 2**30:.0f} GiB"
    kind = f"{platform.system()} {platform.machine()}"
    python = platform.python_version()
    return f"{kind}, {os.cpu_count()} cores{gigabytes}, {_processor()}, Python {python}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "processor unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "processor unknown"
