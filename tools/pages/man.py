"""Manual pages, from the command tree: one of hpctl, and one a noun or command of its first level.

`man hpctl-cluster-create` leads to the page of `hpctl cluster`, which tells each of its commands in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import typer

import hpctl
from hpctl.cli.app import COMMANDS, NOUNS, command_tree
from hpctl.errors import ExitCode
from tools.pages.commands import context_of, leaves_below, option_of, parameters_of, usage_of
from tools.pages.markdown import prose

if TYPE_CHECKING:
    from typer._click import Context

NOTICE = '.\\" Written by `make docs` from the command tree.'
ENVIRONMENT = {
    "AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL": "As for every client of AWS.",
    "HPCTL_CLUSTER": "The cluster, where an option --cluster is not given.",
    "HPCTL_NAMESPACE": "The Kubernetes namespace, where an option --namespace is not given.",
    "HPCTL_NO_INPUT": "Set to 1: nothing asks; what needs an answer ends with exit code 8.",
    "HPCTL_STATE_HOME": "The folder of hpctl's records.",
    "NO_COLOR": "Set to anything: no colour, and nothing is redrawn.",
}


def pages() -> Mapping[str, Callable[[], str]]:
    """Return the names of all pages, and what writes each."""
    top = context_of(typer.main.get_command(command_tree()), "hpctl", None)
    below = [(f"hpctl-{one.info_name}", one) for one in _children(top)]
    written = {f"{name}.1": partial(_page, name, one) for name, one in (("hpctl", top), *below)}
    return written | {f"{name}.1": partial(_alias, noun) for noun, one in below for name in _verbs(one)}


def _verbs(noun: Context) -> Iterator[str]:
    if _children(noun):
        yield from (one.command_path.replace(" ", "-") for one in leaves_below(noun))


def _alias(noun: str) -> str:
    return f".so man1/{noun}.1\n"


def _page(name: str, context: Context) -> str:
    text = prose(context.command.help)
    first, _, rest = text.partition("\n")
    lines = [NOTICE, f'.TH "{_plain(name.upper())}" "1" "" "hpctl {hpctl.__version__}" "hpctl"']
    lines += [".SH NAME", f"{_plain(name)} \\- {_plain(first.rstrip('.'))}"]
    lines += [".SH SYNOPSIS", *_synopsis(context)]
    lines += [*(_paragraphs(rest, ".SH DESCRIPTION"))]
    lines += [*_commands(context)] if _children(context) else [".SH OPTIONS", *_options(context)]
    lines += [".SH EXIT STATUS", *_rows((str(code.value), code.meaning) for code in ExitCode)]
    lines += [".SH ENVIRONMENT", *_rows(ENVIRONMENT.items())]
    lines += [".SH SEE ALSO", _see_also(name)]
    return "\n".join(lines) + "\n"


def _synopsis(context: Context) -> Iterator[str]:
    if _children(context):
        yield f".B {_plain(context.command_path)}\n.I COMMAND\n[OPTIONS]"
    else:
        yield f".B {_plain(context.command_path)}\n{_text(' '.join(usage_of(context)))}"


def _commands(context: Context) -> Iterator[str]:
    """Yield what a noun's commands do, each in full; of hpctl itself a line each, for they have pages of their own."""
    yield ".SH COMMANDS"
    if context.parent is None:
        yield from _rows(
            (one.command_path, prose(one.command.help).partition("\n")[0]) for one in leaves_below(context)
        )
        yield from (".SH OPTIONS", *_options(context))
        return
    for one in leaves_below(context):
        yield f".SS {_plain(' '.join((one.command_path, *usage_of(one))))}"
        yield _text(prose(one.command.help))
        yield from _options(one)


def _options(context: Context) -> Iterator[str]:
    yield from _rows(filter(lambda row: row[0], (option_of(one, context) for one in parameters_of(context))))


def _paragraphs(text: str, heading: str) -> Iterator[str]:
    if text.strip():
        yield heading
        yield _text(text.strip())


def _see_also(name: str) -> str:
    others = [f"hpctl-{noun}" for noun in (*NOUNS, *COMMANDS)] if name == "hpctl" else ["hpctl"]
    return ",\n".join(f".BR {_plain(one)} (1)" for one in others).replace(",\n", " ,\n")


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield f".TP\n.B {_plain(name)}\n{_text(meaning)}"


def _text(words: str) -> str:
    """Return text with its paragraphs; a line cannot be taken for a request."""
    blocks = (" ".join(block.split()) for block in words.split("\n\n"))
    return "\n.PP\n".join(_guarded(_plain(block)) for block in blocks)


def _guarded(line: str) -> str:
    return f"\\&{line}" if line.startswith((".", "'")) else line


def _plain(words: str) -> str:
    """Return words that roff takes to the letter: what is typed has to be what can be copied."""
    taken = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
    return "".join(taken.get(one, one) if one.isascii() else f"\\[u{ord(one):04X}]" for one in words)


def _children(context: Context) -> list[Context]:
    found = getattr(context.command, "commands", None) or {}
    return [context_of(child, name, context) for name, child in found.items()]
