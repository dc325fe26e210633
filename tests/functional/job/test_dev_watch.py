"""A development pod ends when nobody uses it, and not before: its script alone, in namespaces as of containers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("namespaces"),
]

IDLE_S = 4
PATIENCE_S = 60
BESIDE = {
    "nobody": "",
    "somebody who types nothing": "sleep 600",
    "work": "while :; do for i in {1..50000}; do :; done; sleep 0.3; done",
    "a connection": (
        "ip link set lo up; python3 -c 'import socket, time\n"
        'there = socket.create_server(("127.0.0.1", 46522)); near = socket.create_connection(("127.0.0.1", 46522))\n'
        "time.sleep(600)'"
    ),
}
"""What goes on beside the script: `somebody` came from outside, the others are of the pod itself."""


def started(name: str, folder: Path) -> subprocess.Popen[bytes]:
    """Run the script as the first process of namespaces of its own."""
    script = folder / "run"
    script.write_text(f"HPCTL_DEV_IDLE_S={IDLE_S}\n{(files('hpctl.compile.task') / 'dev.sh').read_text()}")
    own = "" if name.startswith("somebody") else BESIDE[name]
    line = f"({own or ':'}) & exec bash -e {script}"
    argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "bash", "-c", line]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def child_of(process: subprocess.Popen[bytes]) -> str:
    """Return the first process in the namespaces, as it is called outside of them."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + PATIENCE_S
    while not (found := children.read_text().split()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[0]


def test_only_a_pod_that_nobody_uses_ends(tmp_path: Path) -> None:
    pods: dict[str, subprocess.Popen[bytes]] = {}
    for name in BESIDE:
        (folder := tmp_path / str(len(pods))).mkdir()
        pods[name] = started(name, folder)
    somebody = "somebody who types nothing"
    target = ["nsenter", "--target", child_of(pods[somebody]), "--pid", "--mount", "sleep", "600"]
    guest = subprocess.Popen(target, start_new_session=True)
    try:
        out, _ = pods["nobody"].communicate(timeout=PATIENCE_S)
        assert (pods["nobody"].returncode, out.decode().splitlines()) == (
            0,
            ["hpctl: the development pod is ready", f"hpctl: nobody used the development pod for {IDLE_S} s"],
        )
        time.sleep(2 * IDLE_S)  # so long that each of the others would have ended, too
        assert {name for name, pod in pods.items() if pod.poll() is None} == set(BESIDE) - {"nobody"}
        os.killpg(guest.pid, signal.SIGKILL)  # nsenter and what it has started
        assert pods[somebody].wait(PATIENCE_S) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(guest.pid, signal.SIGKILL)
        guest.wait()
        for pod in pods.values():
            pod.kill()
            pod.communicate()
