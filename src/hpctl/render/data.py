"""The forms for machines: JSON, YAML, one compact line; and JMESPath over them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hpctl.errors import UsageError
from hpctl.render.output import CheckOutput, Output

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


def pretty(data: object) -> str:
    """Return JSON with two spaces of indent, and a line end."""
    return _visible(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


def compact(data: object) -> str:
    """Return JSON in one line, and its end."""
    return _visible(json.dumps(data, separators=(",", ":"), ensure_ascii=False)) + "\n"


def yaml(data: object) -> str:
    """Return YAML that reads back as exactly `data`."""
    from io import StringIO

    from ruamel.yaml import YAML

    writer = YAML()
    writer.width = 4096  # one line a string: what is folded cannot be grepped
    writer.allow_unicode = _printable(json.dumps(data, ensure_ascii=False))
    stream = StringIO()
    writer.dump(data, stream)
    return stream.getvalue()


def check_query(query: str | None, output: Output | CheckOutput) -> None:
    """Raise `UsageError` when the query cannot be used: call it before the work, not after."""
    if query is None:
        return
    if output.value in (CheckOutput.NAME, CheckOutput.JSONL, CheckOutput.JUNIT):
        hint = "it goes with `-o table`, `-o json` and `-o yaml`"
        raise UsageError(f"`--query` does not go with `-o {output}`", hint=hint)
    _compiled(query)


def ask(query: str, data: object) -> Any:  # noqa: ANN401 - JSON is any
    """Return the answer of a JMESPath query; `UsageError` when it does not fit the data."""
    from jmespath.exceptions import JMESPathError

    try:
        return _compiled(query).search(data)
    except JMESPathError as error:
        raise UsageError(f"`--query` cannot be answered: {error}", hint=_HINT) from error


_HINT = "the JSON form is what is queried: look at it with `-o json`, and at https://jmespath.org"


def _compiled(query: str) -> ParsedResult:
    import jmespath
    from jmespath.exceptions import JMESPathError, ParseError

    try:
        return jmespath.compile(query)
    except ParseError as error:
        at = error.lex_position
        token = f"`{error.token_value}` is unexpected" if error.token_value else "it is not complete"
        raise UsageError(
            f"`--query` is no JMESPath expression, column {at + 1}: {token}", hint=f"{query}\n{' ' * at}^"
        ) from error
    except JMESPathError as error:
        raise UsageError(f"`--query` is no JMESPath expression: {error}", hint=_HINT) from error


def _printable(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def _visible(text: str) -> str:
    """Escape what json leaves raw and a terminal would obey or hide: DEL, C1, format controls. The data stay."""
    if _printable(text):
        return text
    return "".join(char if char.isprintable() or char == "\n" else _json_escape(char) for char in text)


def _json_escape(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]
