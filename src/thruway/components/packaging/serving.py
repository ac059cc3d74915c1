"""A packed model behind HTTP: the Open Inference Protocol, version 2, with Python's own server.

It is small on purpose, and made to try a model as it will be served: `infra_validate` starts it in
a process of its own. Run as a program, it prints one line of JSON when it is ready: port, seconds
that loading took, bytes of memory before and after.

Source: https://github.com/open-inference/open-inference-protocol
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from thruway.components import models
from thruway.components.packaging import wire
from thruway.components.packaging.unpack import manifest_of, unpack
from thruway.errors import ThruwayError

__all__ = ["Answering", "memory", "serve"]


def memory(*, peak: bool = False) -> int | None:
    """Return the bytes of memory of this process; None where the system does not say.

    Args:
        peak: the most it ever had, instead of what it has now.
    """
    if peak:
        try:
            import resource
        except ImportError:  # Windows
            return None
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return memory(peak=True)
    import resource

    return pages * resource.getpagesize()


class Answering:
    """A model that answers requests of the protocol; each answer is (status, plain data)."""

    def __init__(self, folder: Path) -> None:
        self.manifest = manifest_of(folder)
        self.model = unpack(folder)
        if self.manifest.signature.library:  # or the first request waits for it
            importlib.import_module(self.manifest.signature.library)

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Answer a GET."""
        parts = path.partition("?")[0].strip("/").split("/")
        if parts in (["v2", "health", "live"], ["v2", "health", "ready"]):
            return 200, {parts[-1]: True}
        if parts == ["v2"]:
            return 200, {"name": "thruway", "version": "2", "extensions": []}
        if parts == ["v2", "statistics"]:
            return 200, {"memory": memory(), "peak": memory(peak=True)}
        if parts[:2] == ["v2", "models"] and parts[2:3] == [self.manifest.name]:
            if parts[3:] == ["ready"]:
                return 200, {"name": self.manifest.name, "ready": True}
            if not parts[3:]:
                return 200, self._described()
        return 404, {"error": f"there is nothing at {path}"}

    def _described(self) -> dict[str, Any]:
        signature = self.manifest.signature
        return {
            "name": self.manifest.name,
            "versions": [str(self.manifest.version)],
            "platform": self.manifest.type,
            "inputs": [
                {"name": one.name, "datatype": one.datatype, "shape": [-1]}
                for one in signature.columns
            ],
            "outputs": [{"name": one} for one in signature.outputs],
        }

    def post(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a POST."""
        if path.strip("/") != f"v2/models/{self.manifest.name}/infer":
            return 404, {"error": f"there is nothing at {path}"}
        try:
            request = json.loads(body)
            inputs = request["inputs"]
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"the request is no JSON with `inputs`: {error}"}
        try:
            frame = wire.frame_of(inputs, self.manifest.signature)
        except ThruwayError as error:
            return 400, {"error": str(error)}
        except Exception as error:  # a library that cannot make a column of what was sent
            return 400, {"error": f"the inputs do not fit: {type(error).__name__}: {error}"}
        try:
            outputs = self.answers(frame)
        except Exception as error:  # the model may be of the user's own code
            said = error.what if isinstance(error, ThruwayError) else error
            return 500, {"error": f"{type(error).__name__}: {said}"}
        answer = {"model_name": self.manifest.name, "model_version": str(self.manifest.version)}
        if "id" in request:
            answer["id"] = request["id"]
        return 200, {**answer, "outputs": outputs}

    def answers(self, frame: Any) -> list[dict[str, Any]]:
        """Return the outputs for the rows of a frame."""
        found = [wire.output_of("predict", models.predict(self.model, frame))]
        if "predict_proba" in self.manifest.signature.outputs:
            found.append(wire.output_of("predict_proba", models.predict_proba(self.model, frame)))
        return found


def serve(answering: Answering, port: int = 0) -> ThreadingHTTPServer:
    """Return a server on this machine only; `serve_forever` starts it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept
        disable_nagle_algorithm = True  # or an answer in two pieces waits 40 ms

        def do_GET(self) -> None:
            self._send(*answering.get(self.path))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._send(*answering.post(self.path, self.rfile.read(length)))

        def _send(self, status: int, said: dict[str, Any]) -> None:
            content = json.dumps(said, allow_nan=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing: what is worth knowing is in the answers."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Load a packed model and serve it until standard input is closed."""
    import threading

    words = argparse.ArgumentParser(description="Serve a packed model on this machine.")
    words.add_argument("folder", type=Path)
    words.add_argument("--port", type=int, default=0)
    given = words.parse_args()
    before = memory()
    start = time.perf_counter()
    answering = Answering(given.folder)
    seconds = time.perf_counter() - start
    server = serve(answering, given.port)
    ready = {"port": server.server_address[1], "seconds": seconds, "before": before,
             "loaded": memory()}  # fmt: skip
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # ends with whoever started it, also when that is killed


if __name__ == "__main__":
    main()
