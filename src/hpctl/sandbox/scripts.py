"""Lifecycle scripts are really run, where that can do no harm; elsewhere they are read.

A run is confined by Linux namespaces (`confine.sh`): no network, no devices, a read-only file system with a
few empty places, as a user without rights when the sandbox is root's. It has ten seconds and bounded output.
Where namespaces are not to be had (macOS, strict containers) the script is parsed by `bash -n` alone, and a
line `# hpctl-sandbox: exit 3` says how it ends.

CloudWatch shows of a node's script what it writes to `/var/log/provision/provisioning.log` (AWS samples). A
script that writes nothing there would be silent at AWS; here what it prints is shown, and said to be so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TIME_LIMIT_S = 10.0
MOST_LINES = 200
_MOST_BYTES = 65536
_NOBODY = 65534
_MARKER = re.compile(rb"^# hpctl-sandbox: exit (\d+)$", re.MULTILINE)
_ENVIRONMENT = {
    "PATH": "/mnt/played:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SAGEMAKER_RESOURCE_CONFIG_PATH": "/opt/ml/config/resource_config.json",
}
_NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts", "--mount-proc")
_UNSHARE = "/usr/bin/unshare"
_CANNOT_EXECUTE = 126


@dataclass(frozen=True)
class Script:
    """The files below a prefix by their names, those that are started one after another, and what nodes know."""

    entries: tuple[str, ...]
    files: Mapping[str, bytes]
    resource_config: Mapping[str, object]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `status` is None when its time was over; `lines` are what CloudWatch shows."""

    status: int | None
    lines: tuple[str, ...]


def run(script: Script) -> Outcome:
    """Run the scripts once, each after the one before it succeeded, and return how that ended."""
    lines: tuple[str, ...] = ()
    for entry in script.entries:
        ended = _run(script, entry)
        lines += ended.lines
        if ended.status != 0:
            return Outcome(ended.status, lines)
    return Outcome(0, lines)


def _run(script: Script, entry: str) -> Outcome:
    if broken := _not_executable(script.files[entry]):
        return Outcome(_CANNOT_EXECUTE, (broken.format(entry),))
    if not sys.platform.startswith("linux") or not Path(_UNSHARE).exists():
        return _read(script.files[entry])
    with tempfile.TemporaryDirectory(prefix="hpctl-sandbox-", ignore_cleanup_errors=True) as directory:
        work = Path(directory)
        _lay_out(work, script)
        status = _run_confined(work, entry)
        if not (work / "log" / ".confined").exists():
            return _read(script.files[entry])
        return Outcome(status, _lines(work))


def _not_executable(content: bytes) -> str | None:
    first = content.partition(b"\n")[0]
    if not first.startswith(b"#!"):
        return "{}: cannot execute: exec format error"
    if first.endswith(b"\r"):
        return f"{{}}: {first[2:-1].decode(errors='replace').strip()}^M: bad interpreter: No such file or directory"
    return None


def _lay_out(work: Path, script: Script) -> None:
    config = json.dumps(script.resource_config).encode()
    for name, content in {**script.files, ".resource_config.json": config}.items():
        path = work / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    (work / "log").mkdir()
    if os.geteuid() == 0:
        for path in (work, *work.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)
            path.chmod(0o755)


def _run_confined(work: Path, entry: str) -> int | None:
    confine = work / "confine.sh"
    shutil.copyfile(Path(__file__).with_name("confine.sh"), confine)
    confine.chmod(0o755)
    nobody = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with (work / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [_UNSHARE, *_NAMESPACES, "--fork", "--kill-child", "--", "/bin/bash", str(confine), str(work), entry],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT | {"PATH": f"{_ENVIRONMENT['PATH']}:/usr/local/bin"},
            cwd=work,
            start_new_session=True,
            **nobody,  # type: ignore[call-overload]
        )
        try:
            return int(process.wait(TIME_LIMIT_S))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def _lines(work: Path) -> tuple[str, ...]:
    log = work / "log" / "provisioning.log"
    if lines := _bounded(log):
        return lines
    printed = _bounded(work / "printed")
    note = "[hpctl sandbox] nothing in /var/log/provision/provisioning.log, and so nothing here at AWS; it printed:"
    return (note, *printed) if printed else ()


def _bounded(path: Path) -> tuple[str, ...]:
    if not path.is_file() or path.is_symlink():
        return ()
    with path.open("rb") as file:
        return tuple(file.read(_MOST_BYTES).decode(errors="replace").splitlines()[:MOST_LINES])


def _read(content: bytes) -> Outcome:
    note = "[hpctl sandbox] this machine cannot confine a script: it was parsed, not run"
    if not re.match(rb"#!.*\b(?:ba|da)?sh\b", content):
        return Outcome(0, (note,))
    checked = subprocess.run(
        ["/bin/bash", "-n"], input=content, capture_output=True, env={}, timeout=TIME_LIMIT_S, check=False
    )
    marker = _MARKER.search(content)
    status = checked.returncode or (int(marker[1]) if marker else 0)
    return Outcome(status, (note, *checked.stderr.decode(errors="replace").splitlines()[:MOST_LINES]))
