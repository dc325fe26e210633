"""Which files the steps of a script write: `--output` and `--error` of its `srun` lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_KNOWN: Final = MappingProxyType(
    {
        "SLURM_JOB_ID": "%j",
        "SLURM_JOBID": "%j",
        "SLURM_JOB_NAME": "%x",
        "SLURM_JOB_USER": "%u",
        "USER": "%u",
        "SLURM_ARRAY_JOB_ID": "%A",
        "SLURM_ARRAY_TASK_ID": "%a",
        "SLURM_SUBMIT_DIR": ".",
        "PWD": ".",
    }
)
"""Variables whose values are known, as patterns of Slurm's own, or as the folder where the job began."""
_ALONE: Final = frozenset(
    {
        *("--label", "--exclusive", "--overlap", "--oversubscribe", "--quiet", "--verbose", "--unbuffered", "--hold"),
        *("--preserve-env", "--no-kill", "--contiguous", "--spread-job", "--disable-status", "--exact", "--pty"),
        *("--kill-on-bad-exit", "--container", "--overcommit", "--share", "--test-only", "--use-min-nodes"),
        *("--multi-prog", "--no-allocate", "--interactive", "--no-container-mount-home", "--container-writable"),
    }
)
"""Long options that take no word after them."""
_ALONE_SHORT: Final = "EHKOQVXZhklsuv"
_ENDS: Final = frozenset({"|", "||", "&&", ";", "&", ">", "<"})


def step_outputs(script: str) -> Iterator[str]:
    """Yield the names of output files of the steps, as they stand there; what a variable hides is left out."""
    for line in re.sub(r"\\\r?\n", " ", script).splitlines():
        if "srun" in line and not line.lstrip().startswith("#"):
            yield from dict.fromkeys(_of_line(line))


def _of_line(line: str) -> Iterator[str]:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # a quote that ends in a later line
        words = line.split()
    while words:
        if words.pop(0).rpartition("/")[2] == "srun":
            yield from _of_options(words)


def _of_options(words: list[str]) -> Iterator[str]:
    """Yield the values of `--output` and `--error`; the first word that is no option is the step's own command."""
    while words and words[0].startswith("-") and words[0] not in _ENDS:
        word = words.pop(0)
        name, value = _option(word, words)
        if name in ("--output", "-o", "--error", "-e") and value and (filled := _with_patterns(value)):
            yield filled


def _option(word: str, rest: list[str]) -> tuple[str, str]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if not equals and name not in _ALONE and rest:
            value = rest.pop(0)
        return name, value
    name, value = word[:2], word[2:]
    if not value and name[1:] not in _ALONE_SHORT and rest:
        value = rest.pop(0)
    return name, value


def _with_patterns(value: str) -> str:
    """Return a name with patterns in place of variables, "" when one is not known."""
    unknown = [found for found in _VARIABLE.finditer(value) if (found[1] or found[2]) not in _KNOWN]
    if unknown or "`" in value or "$" in _VARIABLE.sub("", value):
        return ""
    return _VARIABLE.sub(lambda found: _KNOWN[found[1] or found[2]], value)
