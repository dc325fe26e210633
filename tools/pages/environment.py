"""The page of environment variables: those of hpctl, those of options, and those of others that it honours."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from hpctl.catalog.environment import foreign
from hpctl.cli.topics import PRECEDENCE, SWITCHES, own_variables
from tools.pages.markdown import code, page, table

SOURCE = "`hpctl.catalog.environment` and the command tree"
ELSEWHERE = """\
What a job's processes find in their environment stands in [Submit a job](../how-to/submit-a-job.md), what
`hpctl sandbox env` sets in [Use any AWS client with the sandbox](../how-to/any-aws-client.md)."""


def environment() -> str:
    """Return the page."""
    return page(
        "Environment variables",
        SOURCE,
        PRECEDENCE,
        fill(SWITCHES, 118),
        "## Of hpctl\n\n" + table(("variable", "what it does"), ((code(name), text) for name, text in own_variables())),
        "## Of others\n\n" + table(("variable", "what it does"), _foreign()),
        ELSEWHERE,
    )


def _foreign() -> Iterator[tuple[str, str]]:
    for names, text in foreign().items():
        yield ", ".join(code(name) if name.isupper() else name for name in names.split(", ")), text
