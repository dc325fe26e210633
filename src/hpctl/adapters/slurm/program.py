"""The programs that run on a controller node, as words of a command: they are sent with each question.

Nothing is installed there, and no version of hpctl meets files of another.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

_PACKAGE: Final = "hpctl.adapters.slurm.node"
_ANSWERING: Final = ("base", "looking", "submitting", "ending", "main")
_BESIDE: Final = ("base", "beside")
"""In the order in which they import each other."""

_LOAD: Final = """\
import sys, types
for name, text in {sources!r}:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
module.main()
"""


def answering() -> tuple[str, ...]:
    """Return the command that answers one question on standard input."""
    return ("python3", "-I", "-c", _loading(_ANSWERING))


def beside(asked: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that runs another one within a job, as `asked` says in JSON."""
    return ("python3", "-I", "-c", _loading(_BESIDE), asked, *command)


def _loading(names: tuple[str, ...]) -> str:
    folder = files(_PACKAGE)
    texts = (folder.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in names)
    return _LOAD.format(sources=[(f"{_PACKAGE}.{name}", text) for name, text in zip(names, texts, strict=True)])
