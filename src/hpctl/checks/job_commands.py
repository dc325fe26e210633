"""What a job's pods run, as text, and how it starts training: the calls of torchrun that stand in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hpctl.checks.job_pods import PodTemplate
from hpctl.facts.job_target import JobInCluster

_CONTINUED: Final = re.compile(r"\\\r?\n[ \t]*")
_COMMENT: Final = re.compile(r"(?m)(^|\s)#.*$")
_LAUNCHER: Final = re.compile(
    r"(?:^|[\s;&|(/])(?:(?P<name>torchrun|hyperpodrun)|-m\s+torch\.distributed\.(?:run|launch))(?=\s)(?P<rest>[^\n;&|]*)"
)
"""A call of torchrun, of HyperPod's own in its place, or of the module behind it (PyTorch documentation, "torchrun").

It ends with the line, or where a shell begins another command.
"""


@dataclass(frozen=True)
class Text:
    """What one place of a job runs: a script of the job's, or the command of a container."""

    where: str
    text: str


@dataclass(frozen=True)
class Launch:
    """A call of torchrun: its options by name with `-` in place of `_`; one without a value has an empty one."""

    where: str
    options: Mapping[str, str] = field(hash=False)

    def number(self, name: str) -> int | None:
        """Return the option's value; None where it is not given, or is no plain number."""
        value = self.options.get(name, "")
        return int(value) if value.isascii() and value.isdecimal() else None


def texts(job: JobInCluster, template: PodTemplate) -> Iterator[Text]:
    """Yield what the pods of a role run: the job's scripts, or the commands of a manifest's containers."""
    if job.contract is not None:
        for title, text in job.scripts.items():
            yield Text(title, _plain(text))
        return
    for one in template.containers:
        words = [str(word) for key in ("command", "args") for word in one.get(key) or ()]
        if words:
            yield Text(f"command of {one.get('name', 'the container')}", _plain(_as_typed(words)))


def launches(job: JobInCluster, template: PodTemplate) -> Iterator[Launch]:
    """Yield the calls of torchrun in what the pods of a role run."""
    for one in texts(job, template):
        for found in _LAUNCHER.finditer(one.text):
            yield Launch(one.where, _options(found["rest"]))


def _as_typed(words: list[str]) -> str:
    """Return a command as a line of a shell; a script that a shell is given stays one."""
    return " ".join(word if "\n" in word or " " in word else shlex.quote(word) for word in words)


def _plain(text: str) -> str:
    return _CONTINUED.sub(" ", _COMMENT.sub(r"\1", text))


def _options(rest: str) -> dict[str, str]:
    """Read options until the program that torchrun starts; a value that a shell fills in is kept as it is written."""
    words, found, place = rest.split(), {}, 0
    while place < len(words) and words[place].startswith("-"):
        name, equals, value = words[place].lstrip("-").partition("=")
        name, place = name.replace("_", "-"), place + 1
        if not equals and name not in _FLAGS and place < len(words):
            value, place = words[place], place + 1
        found[name] = value.strip("'\"")
    return found


_FLAGS: Final = frozenset({"standalone", "module", "m", "no-python", "use-env", "use-libuv", "run-path"})
"""Options of torchrun that take no value."""
