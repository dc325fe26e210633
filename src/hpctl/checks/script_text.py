"""Scripts as text: who runs them, their lines without what is quoted, the commands and the loops of a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_HERE: Final = re.compile(r"<<(?P<tabs>-?)\s*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)")
_QUOTED: Final = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\$]|\$(?!\())*\"")
_COMMENT: Final = re.compile(r"(?:^|(?<=[\s;]))#.*$")
_SEPARATOR: Final = re.compile(
    r";|&&|\|\||\||&(?!>)|\$\(|[(){}`]|(?:^|(?<=[\s;]))(?:then|do|else|elif|if|while|until|!)\s"
)
_LOOP: Final = re.compile(r"(?:^|(?<=[;&|({]))\s*(?P<kind>while|until|for|select)\b(?P<condition>.*)$")
_DONE: Final = re.compile(r"(?:^|[\s;])done\b(?P<after>.*)$")
_BEFORE_COMMANDS: Final = frozenset({"sudo", "nohup", "exec", "command", "time", "env", "-E", "-n", "-H"})
_ASSIGNMENT: Final = re.compile(r"^\w+=")


@dataclass(frozen=True)
class Line:
    """One logical line: `number` of its first physical one; `code` has neither comments nor what is quoted."""

    number: int
    text: str
    code: str


@dataclass(frozen=True)
class Command:
    """A command of a shell script: its words, where it stands, and in how many loops."""

    line: int
    words: tuple[str, ...]
    loops: int = 0


@dataclass(frozen=True)
class Loop:
    """A loop of a shell script from its first word to `done`; `detached` ones run beside the script."""

    line: int
    kind: str
    condition: str
    body: str
    detached: bool


@dataclass(frozen=True)
class Script:
    """A script by its name below the folder; `text` has the line ends of Linux."""

    name: str
    text: str

    @classmethod
    def of(cls, name: str, content: bytes) -> Script:
        """Read bytes as people see them: what else is wrong with their line ends is another rule's."""
        text = content.decode("utf-8", errors="replace").removeprefix("\ufeff")
        return cls(name, text.replace("\r\n", "\n").replace("\r", "\n"))

    @cached_property
    def language(self) -> str | None:
        """`shell` or `python`, by the first line, else by the name; None for anything else."""
        first = self.text.partition("\n")[0]
        if first.startswith("#!"):
            return "python" if "python" in first else "shell" if re.search(r"\b(?:ba|da|k|z)?sh\b", first) else None
        return {"sh": "shell", "bash": "shell", "py": "python"}.get(self.name.rpartition(".")[2])

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The logical lines of a shell script, without here-documents: they are data."""
        return tuple(_lines(self.text))

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """The commands of a shell script."""
        return tuple(_commands(self.lines))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The loops of a shell script, inner ones first."""
        return tuple(_loops(self.lines))


def _lines(text: str) -> Iterator[Line]:
    rows = iter(enumerate(text.split("\n"), start=1))
    for number, row in rows:
        whole = row
        while whole.endswith("\\") and (following := next(rows, None)):
            whole = whole[:-1] + following[1]
        code = _COMMENT.sub("", _QUOTED.sub("_", whole))
        yield Line(number, whole, code)
        if here := _HERE.search(_COMMENT.sub("", whole)):
            for _number, data in rows:
                if (data.lstrip("\t") if here["tabs"] else data) == here["end"]:
                    break


def _commands(lines: tuple[Line, ...]) -> Iterator[Command]:
    depth = 0
    for line in lines:
        opens = len(re.findall(r"(?:^|[\s;&|({])(?:while|until|for|select)\s", line.code))
        depth += opens
        for part in _SEPARATOR.split(line.code):
            if words := _words(part):
                yield Command(line.number, words, depth)
        depth = max(0, depth - len(re.findall(r"(?:^|[\s;])done\b", line.code)))


def _words(part: str) -> tuple[str, ...]:
    words = part.split()
    while words and (words[0] in _BEFORE_COMMANDS or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    return tuple(words)


def _loops(lines: tuple[Line, ...]) -> Iterator[Loop]:
    open_: list[tuple[Line, str, str, list[str]]] = []
    for line in lines:
        if found := _LOOP.search(line.code):
            open_.append((line, found["kind"], found["condition"], []))
        for *_, body in open_:
            body.append(line.text)
        if (done := _DONE.search(line.code)) and open_:
            start, kind, condition, body = open_.pop()
            yield Loop(start.number, kind, condition, "\n".join(body), done["after"].strip().startswith("&"))
