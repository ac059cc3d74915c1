"""Real servers for tests, on the loopback of this machine, each in a folder of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen | None = None) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process is None or process.poll() is None, "the server ended"
        time.sleep(0.05)
    pytest.fail(f"nothing answers at port {port}")


class Postgres:
    """A PostgreSQL server; `url` gives an empty place in it."""

    def __init__(self) -> None:
        self.bin = _postgres_programs()
        # Not in pytest's folder: that is closed to the user that the server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="thruway-postgres-"))
        self.port = free_port()
        self._user = _unprivileged() if os.geteuid() == 0 else None
        self._places = 0
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "thruway", "-A", "trust", "-E", "UTF8", "-N")
        self.start()

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._run(
            "pg_ctl", "-D", self.data, "-o", options, "-l", f"{self.folder}/log", "-w", "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def url(self) -> str:
        """The URL of a schema with nothing in it."""
        self._places += 1
        name = f"place_{os.getpid()}_{self._places}"
        server = f"postgresql://thruway@127.0.0.1:{self.port}/postgres"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{server}?options=-csearch_path%3D{name}"

    def execute(self, statement: str) -> None:
        import psycopg

        where = f"host=127.0.0.1 port={self.port} user=thruway dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        who = {}
        if self._user:
            who = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        with (self.folder.parent / f"{self.folder.name}.out").open("w+") as told:
            done = subprocess.run(
                [self.bin / program, *words], cwd="/", stdout=told, stderr=told, check=False, **who
            )
            told.seek(0)
            text = told.read()
        Path(told.name).unlink()
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, program, text)


def _postgres_programs() -> Path:
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("psycopg")
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").is_file():
            return place
    pytest.skip("PostgreSQL is not installed")


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


class S3:
    """A server that speaks S3, with one bucket."""

    bucket = "artifacts"

    def __init__(self) -> None:
        for module in ("moto", "s3fs", "flask"):
            if importlib.util.find_spec(module) is None:
                pytest.skip(f"{module} is not installed: see `make test-s3`")
        self.port = free_port()
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a user sets to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "thruway",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }

    def files(self):
        import s3fs

        return s3fs.S3FileSystem(
            key="thruway",
            secret="secret",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            client_kwargs={"region_name": "eu-central-1"},
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self._process)
        self.files().mkdir(self.bucket)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
