"""Where stories are played: a folder, an environment of nobody's, and a sandbox if one is needed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyte.screens import Char

from tools.screens.steady import Steady
from tools.screens.story import FILES, Scene
from tools.screens.terminal import Row, Size, Terminal, text_of

PROGRAMS: Final = Path(sys.executable).parent
_PACE_S: Final = "3"
_PROMPT: Final = "$ "


@dataclass(frozen=True)
class Stage:
    """Where commands run."""

    folder: Path
    env: Mapping[str, str]

    def quietly(self, command: str) -> str:
        """Run a command of which nothing is shown, and return its stdout; one that begins with `!` must fail."""
        fails, words = command.startswith("! "), shlex.split(command.removeprefix("! "))
        done = subprocess.run(words, cwd=self.folder, env=dict(self.env), capture_output=True, text=True, check=False)
        if bool(done.returncode) != fails:
            message = f"`{command}` ended with {done.returncode}\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def screen(self, scene: Scene, size: Size) -> tuple[Row, ...]:
        """Play a scene, and return what stands in the terminal, the typed command first."""
        for command in scene.before:
            self.quietly(command)
        with Terminal(shlex.split(scene.command), size, self.env, self.folder) as terminal:
            for shown, keys in scene.keys:
                terminal.until(shown)
                terminal.type(keys)
            if scene.until:
                terminal.until(scene.until)
                rows = terminal.rows
                terminal.leave()
                return (*_typed(scene.command, size.columns), *rows)
            if (code := terminal.end()) != scene.code:
                told = "\n".join(map(text_of, terminal.rows))
                message = f"`{scene.command}` ended with {code}, not {scene.code}\n{told}"
                raise RuntimeError(message)
            return (*_typed(scene.command, size.columns), *terminal.rows)


@contextmanager
def alone(root: Path) -> Iterator[Stage]:
    """Give a stage without an account, with the files of the stories; hpctl's own are elsewhere."""
    folder, home = root / "place", root / "home"
    for made in (folder, home):
        made.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    env = {
        "HOME": str(home),
        "HPCTL_SANDBOX_HOME": str(home / "sandbox"),
        "HPCTL_STATE_HOME": str(home / "state"),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "PROMPT_TOOLKIT_NO_CPR": "1",  # pyte does not tell where its cursor is
        "TERM": "xterm-256color",
    }
    yield Stage(folder, env)


@contextmanager
def in_an_account(root: Path) -> Iterator[Stage]:
    """Give a stage with a sandbox, which is gone afterwards."""
    with alone(root) as stage:
        stage.quietly(f"hpctl sandbox up --pace {_PACE_S}")
        try:
            found = stage.quietly("hpctl sandbox run -- env --null")
            yield Stage(stage.folder, dict(line.partition("=")[::2] for line in found.split("\0") if line))
        finally:
            stage.quietly("hpctl sandbox down --delete")


def recorded(scenes: Sequence[Scene], size: Size, stage: Stage) -> Iterator[tuple[Scene, tuple[Row, ...]]]:
    """Play all scenes, and yield what was seen, without what differs from run to run."""
    steady = Steady()
    for scene in scenes:
        rows = steady(stage.screen(scene, size))
        if any(str(stage.folder.parent) in text_of(row) for row in rows):
            message = f"{scene.name}: a path of this machine is in the picture"
            raise RuntimeError(message)
        yield scene, rows


def _typed(command: str, columns: int) -> Iterator[Row]:
    """Yield the lines of a command as a shell shows it: behind a prompt, cut where the terminal ends."""
    text = _PROMPT + command
    for start in range(0, len(text), columns):
        yield tuple(Char(one, bold=True) for one in text[start : start + columns].ljust(columns))
