"""The formats that the API server knows in a CRD's schema (k8s.io/kube-openapi, pkg/validation/strfmt); others pass."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from jsonschema import FormatChecker

from hpctl.sandbox.kube.schemas.decoding import is_time

FORMATS: Final = FormatChecker(formats=())
_DURATION: Final = re.compile(r"-?((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d|w))+")


def _knows(name: str, raises: type[Exception] | tuple[type[Exception], ...] = ()) -> Callable[[Any], Any]:
    def keep(judge: Callable[[str], Any]) -> Callable[[str], Any]:
        FORMATS.checks(name, raises)(lambda value: not isinstance(value, str) or bool(judge(value)))
        return judge

    return keep


_knows("date-time")(is_time)
_knows("date", ValueError)(lambda text: date.fromisoformat(text).isoformat() == text)
_knows("ipv4", ValueError)(ipaddress.IPv4Address)
_knows("ipv6", ValueError)(ipaddress.IPv6Address)
_knows("cidr", ValueError)(lambda text: "/" in text and ipaddress.ip_network(text, strict=False))
_knows("uuid", ValueError)(uuid.UUID)
_knows("duration")(lambda text: text == "0" or _DURATION.fullmatch(text))
_knows("byte", binascii.Error)(lambda text: base64.b64decode(text, validate=True) is not None)


@FORMATS.checks("int32")
def _int32(value: Any) -> bool:
    return type(value) is not int or -(2**31) <= value < 2**31


@FORMATS.checks("int64")
def _int64(value: Any) -> bool:
    return type(value) is not int or -(2**63) <= value < 2**63
