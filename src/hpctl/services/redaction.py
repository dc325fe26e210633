"""What leaves the house without what nobody else may know: account ids, e-mail addresses and secrets.

Names of things stay, because findings are about them. A replacement has the shape of what it replaces and is the same
wherever it stands, so that what is judged again is judged the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hpctl.checks.secret_words import REFERENCE, SECRET_NAME, hidden, without_secrets

# Twelve zeros are what hides a secret of twelve digits.
_ACCOUNT: Final = re.compile(r"(?<![0-9A-Za-z])(?!0{12})\d{12}(?![0-9A-Za-z])")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Redaction:
    """Which account and which address stands for which."""

    accounts: Mapping[str, str]
    emails: Mapping[str, str]

    def of(self, data: Any) -> Any:  # noqa: ANN401 - JSON is any
        """Return JSON with every string redacted."""
        match data:
            case str():
                return self.text(data)
            case list():
                return [self.of(one) for one in data]
            case {"map": pairs} if len(data) == 1:
                return {"map": [[self.of(key), self.of(value)] for key, value in _without_secrets(pairs)]}
            case dict():
                return {self.text(name): self.of(value) for name, value in _without_secrets(data.items())}
            case _:
                return data

    def text(self, text: str) -> str:
        """Return text without what nobody else may know."""
        text = without_secrets(text)
        text = _ACCOUNT.sub(lambda found: self.accounts.get(found[0], found[0]), text)
        return _EMAIL.sub(lambda found: self.emails.get(found[0], found[0]), text)


def redaction(data: object) -> Redaction:
    """Return how JSON is redacted: accounts and addresses are numbered in their own order, which thus stays."""
    texts = list(_strings(data))
    # A secret of twelve digits is no account.
    bare = [without_secrets(text) for text in texts]
    return Redaction(
        _numbered(bare, _ACCOUNT, lambda number: f"{number:012}"),
        _numbered(texts, _EMAIL, lambda number: f"person-{number:04}@example.com"),
    )


def _numbered(texts: list[str], pattern: re.Pattern[str], name: Callable[[int], str]) -> dict[str, str]:
    found = sorted({match for text in texts for match in pattern.findall(text)})
    return {one: name(number) for number, one in enumerate(found, start=1)}


def _strings(data: object) -> Iterator[str]:
    match data:
        case str():
            yield data
        case list():
            for one in data:
                yield from _strings(one)
        case dict():
            for name, one in data.items():
                yield from (name, *_strings(one))


def _without_secrets(pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield keys and values without the values of secrets: those whose key says so, or the `name` beside `value`."""
    members = [(key, value) for key, value in pairs]
    named = next((value for key, value in members if key == "name" and isinstance(value, str)), "")
    for key, value in members:
        told = named if key == "value" else key
        secret = isinstance(told, str) and isinstance(value, str) and SECRET_NAME.search(told)
        yield key, hidden(value) if secret and not REFERENCE.search(value) else value
