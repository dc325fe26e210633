"""Reading a script's directives: which lines count, and which options with which values, as sbatch does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.catalog.sbatch_options import SbatchOption, by_letter, elsewhere, sbatch_options
from hpctl.spec.sbatch import Directive, Fault, SbatchScript
from hpctl.spec.sbatch_words import DirectiveError, Word, words
from hpctl.spec.source import TextSource

_MARKS: Final = ("#SBATCH", "#SLURM")
_BEGINS: Final = re.compile(r"#SBATCH\b|#SBATCH--", re.ASCII)
_NAMED: Final = re.compile(r"\.(?:sbatch|slurm)", re.IGNORECASE)
_SRUN: Final = re.compile(r"^\s*(?:exec\s+)?srun\s", re.MULTILINE)
_QUOTED: Final = "put a value with spaces in quotes"
_PARTS: Final = frozenset({"hetjob", "packjob"})


def is_sbatch(text: TextSource) -> bool:
    """Tell whether a text is a script for sbatch: by its directives; without any by its name, or a call of srun."""
    has = any(_BEGINS.match(line) for line in text.text.splitlines())
    if not text.text.startswith("#!"):
        return has and not re.search(r"(?m)^[\w\"']+\s*:(?:\s|$)", text.text)
    return has or bool(_NAMED.fullmatch(PurePath(text.name).suffix)) or bool(_SRUN.search(text.text))


def read_sbatch(text: TextSource) -> SbatchScript:
    """Read a script; what sbatch would refuse is kept with it."""
    head, late = _directive_lines(text.text)
    taken, faults = _words(head)
    found = _Options(faults)
    for component, rows in enumerate(taken):
        found.read(rows, component)
    named = next((one.value for one in reversed(found.directives) if one.name == "job-name" and one.value), None)
    order = sorted(found.faults, key=lambda one: (one.line, one.column))
    name = named or PurePath(text.name).name.strip("<>") or "sbatch"
    return SbatchScript(text.name, name, text.text, tuple(found.directives), tuple(order), tuple(late))


def _directive_lines(text: str) -> tuple[list[tuple[int, str]], list[int]]:
    """Return the lines that sbatch reads, and the numbers of those behind the first command."""
    head: list[tuple[int, str]] = []
    late: list[int] = []
    begun = False
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.rstrip("\r")
        if bare.startswith(_MARKS):
            if not begun:
                head.append((number, bare))
            elif _BEGINS.match(bare):
                late.append(number)
        elif bare.strip() and not bare.lstrip().startswith("#"):
            begun = True
    return head, late


def _words(lines: list[tuple[int, str]]) -> tuple[list[list[tuple[int, Word]]], list[Fault]]:
    """Return the words of each component of the job, and what is wrong with the lines."""
    parts: list[list[tuple[int, Word]]] = [[]]
    faults: list[Fault] = []
    for number, line in lines:
        mark = next(one for one in _MARKS if line.startswith(one))
        if mark != _MARKS[0]:
            faults.append(
                Fault(number, 1, f"`{mark}` is an old word: sbatch complains and goes on", _MARKS[0], refused=False)
            )
        if _PARTS.intersection(line[len(mark) :].split()[:1]):
            parts.append([])
            continue
        try:
            parts[-1].extend((number, word) for word in words(line, len(mark)))
        except DirectiveError as error:
            faults.append(Fault(number, error.column, str(error)))
    return parts, faults


@dataclass(slots=True)
class _Options:
    """Options as getopt_long finds them in the words of a component, one after the other."""

    faults: list[Fault]
    directives: list[Directive] = field(default_factory=list)

    def read(self, rows: list[tuple[int, Word]], component: int) -> None:
        """Read all words; an option that needs a value takes the next word, whatever it is."""
        left = iter(rows)
        for line, word in left:
            if word.text == "--":
                for at, rest in left:
                    self._stray(at, rest)
            elif word.text.startswith("--"):
                self._long(line, word, left, component)
            elif word.text.startswith("-") and word.text != "-":
                self._short(line, word, left, component)
            else:
                self._stray(line, word)

    def _long(self, line: int, word: Word, left: Iterator[tuple[int, Word]], component: int) -> None:
        name, equals, value = word.text[2:].partition("=")
        option = self._known(name, line, word)
        if option is None:
            return
        if equals and option.value == "none":
            self._fault(line, word, f"`--{option.name}` takes no value", f"--{option.name}")
        elif option.value == "required" and not equals:
            self._add(option, self._next(option, line, word, left), line, word, component)
        else:
            self._add(option, value if equals else None, line, word, component)

    def _short(self, line: int, word: Word, left: Iterator[tuple[int, Word]], component: int) -> None:
        rest = word.text[1:]
        while rest:
            letter, rest = rest[0], rest[1:]
            option = by_letter().get(letter)
            if option is None:
                self._fault(line, word, f"sbatch has no option `-{letter}`")
                return
            if option.value == "none":
                self._add(option, None, line, word, component)
                continue
            value = rest or (self._next(option, line, word, left) if option.value == "required" else None)
            self._add(option, value, line, word, component)
            return

    def _known(self, name: str, line: int, word: Word) -> SbatchOption | None:
        """Return an option by its name, or by a beginning that no other has."""
        table = sbatch_options()
        if name in table:
            return table[name]
        begun = sorted(one for one in table if one.startswith(name)) if name else []
        own = [one for one in begun if not table[one].plugin]
        if len(own or begun) == 1:
            return table[(own or begun)[0]]
        if begun:
            said = ", ".join(f"`--{one}`" for one in begun)
            self._fault(line, word, f"`--{name}` is ambiguous: {said}")
        else:
            self._unknown(name, line, word)
        return None

    def _unknown(self, name: str, line: int, word: Word) -> None:
        told = elsewhere(name)
        close = next(iter(nearest(name, sbatch_options(), limit=1)), None)
        self._fault(line, word, f"sbatch has no option `--{name}`", told or (f"--{close}" if close else None))

    def _next(self, option: SbatchOption, line: int, word: Word, left: Iterator[tuple[int, Word]]) -> str | None:
        found = next(left, None)
        if found is None:
            self._fault(line, word, f"`--{option.name}` needs a value")
            return None
        if found[0] != line:
            told = f"`--{option.name}` has no value in its line: it takes `{found[1].text}` of the next"
            self.faults.append(Fault(line, word.column, told, f"--{option.name}=VALUE", refused=False))
        return found[1].text

    def _add(self, option: SbatchOption, value: str | None, line: int, word: Word, component: int) -> None:
        self.directives.append(Directive(option.name, value, line, word.column, component))
        if word.cut:
            told = f"`#` begins a comment: `--{option.name}` ends before it"
            self.faults.append(Fault(line, word.column, told, "put the value in quotes", refused=False))

    def _stray(self, line: int, word: Word) -> None:
        before = next((one for one in reversed(self.directives) if one.line == line and one.value is None), None)
        remedy = f"--{before.name}={word.text}" if before and self._may_have_value(before) else _QUOTED
        self._fault(line, word, f"`{word.text}` is no option", remedy)

    @staticmethod
    def _may_have_value(before: Directive) -> bool:
        return sbatch_options()[before.name].value == "optional"

    def _fault(self, line: int, word: Word, message: str, remedy: str | None = None) -> None:
        self.faults.append(Fault(line, word.column, message, remedy))
