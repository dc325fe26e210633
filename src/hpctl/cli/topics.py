"""What is true of every command, told by `hpctl help TOPIC` and by pages of the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hpctl.catalog.environment import foreign, own
from hpctl.cli.tree import leaves
from hpctl.errors import ExitCode

PRECEDENCE: Final = "An option wins over a variable. `region` of a spec wins over `AWS_REGION`."
SWITCHES: Final = (
    "A variable that switches something is on with any value but the empty one, `0`, `f`, `false`, `n`, `no` and "
    "`off`, in any spelling; `NO_COLOR` and `HPCTL_TRACEBACK` are on with any value but the empty one."
)

_FORMS: Final = {
    "table": "For people: as wide as the terminal; whole when it is piped",
    "wide": "The same with every column; `--query 'nodes[].{NODE: node_id}'` chooses columns (JMESPath)",
    "json, yaml": "One document on stdout, with stable keys; `--query` selects from it",
    "jsonl": "One document a line; of what takes long one for each step, as it comes",
    "name": "Names alone, one a line",
}

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: what it is about, and its rows of a name and a text."""

    title: str
    about: tuple[str, ...]
    rows: Callable[[], Rows]


def options() -> dict[str, str]:
    """Return the environment variables that stand for an option, each with the option."""
    found: dict[str, str] = {}
    for _, command in leaves():
        for one in command.params:
            names = [one.envvar] if isinstance(one.envvar, str) else one.envvar or ()
            found |= dict.fromkeys(names, max(one.opts, key=len))
    return found


def own_variables() -> Iterator[tuple[str, str]]:
    """Yield hpctl's environment variables with what they do, sorted."""
    stand_ins = {name: f"Stands for `{option}` of every command that has it" for name, option in options().items()}
    yield from sorted({**own(), **stand_ins}.items())


TOPICS: Final = {
    "environment": Topic(
        "environment variables that hpctl reads",
        (PRECEDENCE, SWITCHES),
        lambda: (*own_variables(), *foreign().items()),
    ),
    "exit-codes": Topic(
        "what the exit code of a command says",
        ("Every command ends with one of these codes, and with no other. Scripts may rely on them.",),
        lambda: tuple((str(code.value), code.meaning) for code in ExitCode),
    ),
    "output": Topic(
        "the forms of an answer: `-o FORM`",
        ("Answers go to stdout, all else to stderr. With -o json, yaml and jsonl an error is an object on stderr.",),
        lambda: tuple(_FORMS.items()),
    ),
}
"""Topics by the name that is typed."""
