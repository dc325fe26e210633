"""SkyPilot in an environment of its own, below hpctl's records: the port `facts.sky.SkyPilot`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hpctl.adapters.local.planfile import Saved, read, write
from hpctl.adapters.local.private import in_words, make_folder, records_home
from hpctl.adapters.local.sky_config import allowed
from hpctl.adapters.local.sky_probe import PROGRAM, verdict_of
from hpctl.errors import ConflictError, UnavailableError
from hpctl.facts.sky import VERSION, FileChange, SkyVerdict
from hpctl.timeouts import SKY_CHECK_S, SKY_INSTALL_S

_WHOLE: Final = ".hpctl-whole"
"""Stands in the environment when everything is in it: an installation that was broken off is made anew."""
_FILE: Final = Saved("configuration of SkyPilot", "write another one: hpctl sky setup", 1024 * 1024)
_LAST: Final = 5
"""Lines of an installer's or a program's words that are told: the reason stands at the end."""
_NOT_THEIRS: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_PRIVATE: Final = {"SKYPILOT_DISABLE_USAGE_COLLECTION": "1", "SKYPILOT_MINIMIZE_LOGGING": "1"}
"""A check of hpctl's reports to nobody."""


class SkyPilotOnDisk:
    """Below `HPCTL_STATE_HOME`, with the configuration where SkyPilot reads it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """Look for everything where `env` says."""
        self._env = {name: value for name, value in env.items() if name not in _NOT_THEIRS}
        self._folder = records_home(env) / "sky" / VERSION
        named = env.get("SKYPILOT_GLOBAL_CONFIG")
        self._config = Path(named).expanduser() if named else Path.home() / ".sky" / "config.yaml"

    @property
    def environment(self) -> str:
        """The folder of the environment."""
        return str(self._folder)

    @property
    def installed(self) -> bool:
        """Whether the environment is whole."""
        return (self._folder / _WHOLE).exists()

    def install(self) -> None:
        """Make the environment with uv where it is, else with venv and pip: both read the person's own index."""
        with in_words(self._folder):
            make_folder(self._folder.parent)
            if self._folder.exists():
                shutil.rmtree(self._folder)
        for command in self._commands():
            self._run(command)
        with in_words(self._folder):
            (self._folder / _WHOLE).touch(mode=0o600)

    def _commands(self) -> Iterator[Sequence[str]]:
        wanted, python = f"skypilot[kubernetes]=={VERSION}", str(self._folder / "bin" / "python")
        if uv := shutil.which("uv", path=self._env.get("PATH")):
            yield uv, "venv", "--quiet", "--python", sys.executable, self.environment
            yield uv, "pip", "install", "--quiet", "--python", python, wanted
        else:
            yield sys.executable, "-m", "venv", self.environment
            yield python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted

    def _run(self, command: Sequence[str]) -> None:
        ran = _ran(command, self._env, SKY_INSTALL_S)
        if ran.returncode:
            raise UnavailableError(
                f"SkyPilot {VERSION} could not be installed into `{self.environment}`",
                cause=_end(ran.stderr or ran.stdout),
                hint="the package index is pip's own setting (PIP_INDEX_URL, UV_INDEX_URL); then once more: "
                "hpctl sky setup",
            )

    def allowed(self, context: str, current: str | None, patience_s: int) -> FileChange:
        """Return the configuration with a context allowed."""
        path, before = str(self._config), _text(self._config)
        return FileChange(path, before, allowed(path, before, context, current, patience_s))

    def beside(self, name: str, text: str) -> FileChange:
        """Return a file of hpctl's, in a folder beside the configuration."""
        path = self._config.parent / "hpctl" / name
        return FileChange(str(path), _text(path), text)

    def write(self, change: FileChange) -> None:
        """Write a file as it is to be; a link to it is kept."""
        path = Path(change.path)
        if _text(path) != change.before:
            raise ConflictError(
                f"`{path}` has been changed meanwhile", hint="look at the change again: hpctl sky setup"
            )
        with in_words(path.parent):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path.resolve(), change.after, _FILE)

    def check(self, context: str) -> SkyVerdict:
        """Run SkyPilot's own check in its own environment, without its server."""
        python = str(self._folder / "bin" / "python")
        ran = _ran((python, "-I", "-c", PROGRAM, context), {**self._env, **_PRIVATE}, SKY_CHECK_S)
        found = verdict_of(ran.stdout)
        if found is None:
            raise UnavailableError(
                f"SkyPilot {VERSION} in `{self.environment}` could not check",
                cause=_end(ran.stderr or ran.stdout),
                hint="make its environment anew: hpctl sky setup --reinstall",
            )
        return found


def _text(path: Path) -> str:
    return read(path, _FILE) if path.exists() else ""


def _ran(command: Sequence[str], env: Mapping[str, str], limit_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(
            f"`{Path(command[0]).name}` took longer than {limit_s:.0f} s", hint="once more"
        ) from error
    except OSError as error:
        raise UnavailableError(f"`{command[0]}` cannot be run: {error.strerror}") from error


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LAST:])
