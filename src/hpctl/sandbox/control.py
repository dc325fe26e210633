"""Start, look at and stop sandboxes: what `hpctl sandbox` and other callers use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hpctl.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from hpctl.sandbox.home import Home, SandboxState, home_of, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_NAME = "default"
DEFAULT_REGION = "us-west-2"
DEFAULT_PACE = 6.0
# Below this a cluster's life is shorter than the requests that look at it.
LEAST_PACE = 0.1
START_TIMEOUT_S = 60.0
# Longer than the runtimes of pods and nodes give their processes to end (`kubelet.cri`), on a machine that is busy too.
STOP_TIMEOUT_S = 15.0
_POLL_S = 0.05
_KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "TZ", "VIRTUAL_ENV")


@dataclass(frozen=True)
class SandboxStatus:
    """Whether a sandbox runs (`pid` is its process) and what it says about itself."""

    name: str
    pid: int | None
    state: SandboxState | None

    @property
    def running(self) -> bool:
        """Whether clients can reach it."""
        return self.pid is not None and self.state is not None


def up(
    name: str = DEFAULT_NAME,
    region: str | None = None,
    pace: float | None = None,
    port: int | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> SandboxStatus:
    """Start a sandbox, or find it running, and return once it answers.

    What is left open (None) is as it was when the sandbox ran last, or the default. Raises UsageError,
    ConflictError (it exists otherwise) and UnavailableError (it does not start).
    """
    home = home_of(name, environ)
    known = home.read()
    _refuse_other_region(name, known, region)
    if home.holder() is not None:
        return _refuse_other_settings(_wait_until_ready(name, home), pace, port)
    _require_moto()
    region = region or (known.region if known else DEFAULT_REGION)
    if pace is None:
        pace = known.pace if known else DEFAULT_PACE
    if pace < LEAST_PACE:
        message = f"a pace of `{pace:g}` seconds is too fast"
        raise UsageError(message, hint=f"use {LEAST_PACE:g} seconds or more")
    arguments = [str(home.path), name, region, str(pace), *_ports(known, port)]
    _start(home, arguments, environ)
    return _wait_until_ready(name, home)


def status(name: str = DEFAULT_NAME, *, environ: Mapping[str, str] = os.environ) -> SandboxStatus:
    """Return how a sandbox is; `state` is None when it was never up."""
    home = home_of(name, environ)
    return SandboxStatus(name, home.holder(), home.read())


def every(*, environ: Mapping[str, str] = os.environ) -> tuple[SandboxStatus, ...]:
    """Return how all sandboxes are that run or keep something, by name."""
    return tuple(status(name, environ=environ) for name in names_of(environ))


def running(name: str = DEFAULT_NAME, *, environ: Mapping[str, str] = os.environ) -> SandboxState:
    """Return the state of a running sandbox; raises NotFoundError."""
    found = status(name, environ=environ)
    if not found.running or found.state is None:
        message = f"sandbox `{name}` is not running"
        raise NotFoundError(message, hint=f"hpctl sandbox up{_option(name)}")
    return found.state


def down(name: str = DEFAULT_NAME, *, delete: bool = False, environ: Mapping[str, str] = os.environ) -> SandboxStatus:
    """Stop a sandbox and return how it was; with `delete`, forget all that it kept. Raises UnavailableError."""
    before = status(name, environ=environ)
    home = home_of(name, environ)
    if before.pid is not None:
        _stop(home, before.pid)
    if delete:
        home.delete()
    return before


def _require_moto() -> None:
    if find_spec("moto") is None or find_spec("flask") is None:
        message = "the sandbox needs packages that are not installed"
        raise UsageError(message, hint="pip install 'hpctl[sandbox]'")


def _refuse_other_region(name: str, known: SandboxState | None, region: str | None) -> None:
    if known is not None and region is not None and region != known.region:
        message = f"sandbox `{name}` is in Region `{known.region}`, not in `{region}`"
        hint = f"give it another name, or start over: hpctl sandbox down --delete{_option(name)}"
        raise ConflictError(message, hint=hint)


def _refuse_other_settings(found: SandboxStatus, pace: float | None, port: int | None) -> SandboxStatus:
    state = found.state
    if state is not None and (pace not in {None, state.pace} or port not in {None, 0, state.port}):
        message = f"sandbox `{found.name}` is up with pace `{state.pace:g}` and port `{state.port}`"
        raise ConflictError(message, hint=f"stop it first: hpctl sandbox down{_option(found.name)}")
    return found


def _ports(known: SandboxState | None, port: int | None) -> list[str]:
    # An address that was asked for must be had; one that was only remembered may have been taken.
    if port is not None:
        return [str(port)]
    return [str(known.port), "0"] if known else ["0"]


def _start(home: Home, arguments: list[str], environ: Mapping[str, str]) -> None:
    home.prepare()
    command = [sys.executable, "-m", "hpctl.sandbox", *arguments]
    log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # Returns when the server is on its own; 1 says that somebody else has just started one.
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_server_environment(environ),
            cwd=home.path,
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(log)


def _server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environ[name] for name in _KEPT_VARIABLES if name in environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "HPCTLSANDBOXSERVER00",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": "123456789012",
        # 1,300 public images would double the time to start, and HyperPod uses none of them.
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        # No web page that a browser shows shall read the sandbox.
        "MOTO_DISABLE_GLOBAL_CORS": "true",
    }


def _wait_until_ready(name: str, home: Home) -> SandboxStatus:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and (pid := home.holder()) is not None:
        state = home.read()
        if state is not None and state.pid == pid:
            return SandboxStatus(name, pid, state)
        time.sleep(_POLL_S)
    last = home.log.read_text(errors="replace").strip().splitlines()[-1:]
    message = f"sandbox `{name}` did not start"
    raise UnavailableError(message, hint="\n".join([*last, f"see {home.log}"]))


def _stop(home: Home, pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if home.holder() == pid:
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if home.holder() is None:
                return
            time.sleep(_POLL_S)
    message = f"process {pid} of the sandbox does not stop"
    raise UnavailableError(message, hint=f"look at it: ps -p {pid}")


def _option(name: str) -> str:
    return "" if name == DEFAULT_NAME else f" --name {name}"
