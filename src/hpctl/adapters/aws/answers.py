"""Answers that AWS never gave: a proxy's page, a list where an object belongs, half of a body.

botocore reads some of them as an answer without members, which would look like "no events" or "no tags",
and stumbles over others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

_JSON: Final = ("json", "rest-json")
_FIRST_REFUSAL: Final = 300
_ROOT: Final = re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<([\w:.-]+)")
_ROOTS: Final = {"ec2": (b"Response",), "query": (b"Response",), "rest-xml": (b"Result", b"LocationConstraint")}
"""How the outermost element of an answer is called, by protocol; of `rest-xml`, hpctl speaks to S3 alone."""


_SILENT: Final = frozenset({"PutObject"})
"""Operations that answer with headers alone."""


class CarefulParser:
    """A parser of botocore that says so when it cannot read an answer."""

    def __init__(self, parser: ResponseParser, protocol: str) -> None:
        """Parse with `parser`, which knows the protocol."""
        self._parser = parser
        self._protocol = protocol

    def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        """Return what botocore makes of the answer.

        Raises:
            ResponseParserError: the answer is cut short, or not what the service model describes.
        """
        if flaw := self._flaw(response):
            raise ResponseParserError(flaw)
        try:
            return dict(self._parser.parse(response, shape))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ResponseParserError(f"{type(error).__name__}: {error}") from error

    def _flaw(self, response: Mapping[str, Any]) -> str | None:
        body, announced = response["body"], response["headers"].get("content-length", "")
        if not isinstance(body, bytes) or _is_head(response):
            return None  # a stream counts its bytes itself, and a HEAD has none
        if announced.isdecimal() and len(body) < int(announced):
            return f"{len(body)} of {announced} bytes came"
        silent = not body and _operation(response) in _SILENT
        if silent or response["status_code"] >= _FIRST_REFUSAL:
            return None
        if self._protocol in _JSON and body and not body.lstrip().startswith(b"{"):
            return "no JSON object came"
        if self._protocol in _ROOTS and not _root(body).endswith(_ROOTS[self._protocol]):
            return "another document came"
        return None


def _is_head(response: Mapping[str, Any]) -> bool:
    return _operation(response).startswith("Head")


def _operation(response: Mapping[str, Any]) -> str:
    return str(response.get("context", {}).get("operation_name", ""))


def _root(body: bytes) -> bytes:
    """The name of an XML document's outermost element."""
    found = _ROOT.match(body)
    return found[1] if found else b""


class CarefulParserFactory(ResponseParserFactory):
    """Makes careful parsers: botocore's component `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> CarefulParser:  # type: ignore[override]  # only `parse` is used
        """Return the careful form of the protocol's parser."""
        return CarefulParser(super().create_parser(protocol_name), protocol_name)
