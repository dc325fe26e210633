"""Texts as they are compared: the same words, however they were copied."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain"]

_ESCAPE: Final = r"(?:\x1b|\\u001b|\\x1b|\\033|\\e(?=\[)|\^\[(?=\[)|\#033)"
_COLOURS: Final = re.compile(
    rf"{_ESCAPE}(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]{{0,200}}(?:\x07|\x1b\\))", re.IGNORECASE
)
_ESCAPED: Final = re.compile(
    r"\\{1,8}(?:(?P<space>[nrt])|u(?P<code>00[2-7][0-9a-f]|20[01][0-9a-f])|(?=['\"`]))", re.IGNORECASE
)
_QUOTES: Final = '"`\N{ACUTE ACCENT}\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\xab\xbb'
_UNSEEN: Final = "\u200b\u200c\u200d\u2060\ufeff\xad"
_TRANSLATED: Final = str.maketrans(dict.fromkeys(_QUOTES, "'") | dict.fromkeys(_UNSEEN))


def plain(text: str) -> str:
    r"""Return `text` without colours, with `'` for any quote and one space for any white space, line ends among it.

    What a JSON string holds escaped (`\n`, `\"`, `\u0027`) is what it stands for. Case stays as it is.
    """
    if "\x1b" in text or "\\" in text or "^[" in text or "#033" in text:
        text = _ESCAPED.sub(_meant, _COLOURS.sub("", text))
    return " ".join(text.translate(_TRANSLATED).split())


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape["code"], 16)) if escape["code"] else " " if escape["space"] else ""
