"""Nodes of a task as processes on loopback: the agent alone, with scripts that are plain shell."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from hpctl.compile.task import agent

MEMBER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from agent.member import Member
sys.exit(Member(os.environ, Path(os.environ["LAST_WORDS"]), int(sys.argv[2])).serve())
"""
COORDINATOR = """
import sys
sys.path.insert(0, sys.argv[1])
from agent.coordinator import Coordinator, listening
from agent.muster import Muster
nodes, grace_s = int(sys.argv[2]), float(sys.argv[3])
listener = listening(0)
print(listener.getsockname()[1], flush=True)
Coordinator(listener, Muster(nodes, grace_s), nodes, b"token").serve()
"""
PATIENCE_S = 60


@dataclass
class Nodes:
    """A task's folder, its coordinator, and the members that have been started."""

    folder: Path
    python: str = sys.executable
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def coordinate(self, nodes: int, grace_s: float = 30.0) -> int:
        """Start the coordinator and return its port."""
        coordinator = self._start(COORDINATOR, str(nodes), str(grace_s), stdout=subprocess.PIPE)
        assert coordinator.stdout is not None
        return int(coordinator.stdout.readline())

    def member(self, rank: int, port: int, **env: str) -> subprocess.Popen[str]:
        """Start a node."""
        state = self.folder / str(rank)
        state.mkdir(exist_ok=True)
        (self.folder / f"words-{rank}").touch()
        told = {"HPCTL_SCRIPTS": str(self.folder), "HPCTL_STATE": str(state), "HPCTL_NODE_RANK": str(rank)}
        told |= {"HPCTL_RETRIES": "0", "HPCTL_HOSTS": "127.0.0.1", "HPCTL_POD_IP": f"10.0.0.{rank}"}
        told |= {"LAST_WORDS": str(self.folder / f"words-{rank}"), **env}
        if rank:
            told["HPCTL_HOSTS"] = "127.0.0.1 127.0.0.1"
        return self._start(MEMBER, str(port), stdout=subprocess.PIPE, env=told)

    def _start(self, text: str, *words: str, stdout: int, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        line = [self.python, "-I", "-S", "-c", text, str(self.folder), *words]
        started = subprocess.Popen(
            line, stdout=stdout, stderr=subprocess.STDOUT, text=True, env={"PATH": os.environ["PATH"], **(env or {})}
        )
        self.running.append(started)
        return started


@contextmanager
def nodes(folder: Path, python: str = sys.executable, **scripts: str) -> Iterator[Nodes]:
    """Make a task of shell scripts; what still runs at the end is ended."""
    shutil.copytree(Path(agent.__file__).parent, folder / "agent", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "token").write_text("token")
    (folder / "phase.sh").write_text('cd "$HPCTL_STATE"; touch begun; exec /bin/bash "$HPCTL_SCRIPTS/$1"\n')
    for name, text in scripts.items():
        (folder / name).write_text(text)
    made = Nodes(folder, python)
    try:
        yield made
    finally:
        for each in made.running:
            each.kill()
            each.wait()
            if each.stdout is not None:
                each.stdout.close()


class Relay:
    """Stands between a node and its coordinator, and breaks their connections when told."""

    def __init__(self, port: int) -> None:
        self._port, self._listener = port, socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """Break what is connected now; new connections are let through."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def turn(self, port: int) -> None:
        """Break what is connected, and lead what comes to another port."""
        self._port = port
        self.cut()

    def close(self) -> None:
        """Let nothing through any more."""
        # A listener that is closed only would go on for the thread that waits at it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(PATIENCE_S)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(near)
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self._port))
                self._sockets.append(far)
                for one, other in ((near, far), (far, near)):
                    Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(4096):
            target.sendall(data)
