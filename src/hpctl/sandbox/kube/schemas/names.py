"""Whether names, labels and their like are in form (k8s.io/apimachinery, pkg/util/validation).

Each function returns what the API server says of a value that is not, None of one that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Judge = Callable[[str], str | None]
_LABEL_FORM: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_FORM: Final = rf"{_LABEL_FORM}(\.{_LABEL_FORM})*"
_DNS_1035_FORM: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED_FORM: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE_FORM: Final = f"({_QUALIFIED_FORM})?"
_LABEL, _SUBDOMAIN, _QUALIFIED_LENGTH = 63, 253, 63
_PORT_NAME: Final = 15


def _judge(form: str, most: int, what: str, examples: str) -> Judge:
    pattern, told = re.compile(form, re.ASCII), f"{what} (e.g. {examples}, regex used for validation is '{form}')"

    def judge(value: str) -> str | None:
        if len(value.encode()) > most:
            return f"must be no more than {most} bytes"
        return None if pattern.fullmatch(value) else told

    return judge


subdomain: Final = _judge(
    _SUBDOMAIN_FORM,
    _SUBDOMAIN,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character",
    "'example.com'",
)
label: Final = _judge(
    _LABEL_FORM,
    _LABEL,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character",
    "'my-name',  or '123-abc'",
)
dns_1035_label: Final = _judge(
    _DNS_1035_FORM,
    _LABEL,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character",
    "'my-name',  or 'abc-123'",
)
label_value: Final = _judge(
    _VALUE_FORM,
    _QUALIFIED_LENGTH,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character",
    "'MyValue',  or 'my_value',  or '12345'",
)
_name_part: Final = _judge(
    _QUALIFIED_FORM,
    _QUALIFIED_LENGTH,
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    "'MyName',  or 'my.name',  or '123-abc'",
)
config_key: Final = _judge(
    "[-._a-zA-Z0-9]+",
    _SUBDOMAIN,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    "'key.name',  or 'KEY_NAME',  or 'key-name'",
)


def qualified(value: str) -> str | None:
    """Judge the key of a label or annotation: a name, after a prefix and a slash if it has one."""
    prefix, slash, name = value.rpartition("/")
    if slash and not prefix:
        return "prefix part must be non-empty"
    if slash and (fault := subdomain(prefix)):
        return f"prefix part {fault}"
    if not name:
        return "name part must be non-empty"
    fault = _name_part(name)
    return f"name part {fault}" if fault else None


def path_segment(value: str) -> str | None:
    """Judge a name that is only part of a path, such as that of a role."""
    if value in {".", ".."}:
        return f"may not be '{value}'"
    return next((f"may not contain '{mark}'" for mark in ("/", "%") if mark in value), None)


def environment(value: str) -> str | None:
    """Judge the name of an environment variable."""
    if value and all(" " <= letter <= "~" and letter != "=" for letter in value):
        return None
    return "a valid environment variable name must consist only of printable ASCII characters other than '='"


def port_name(value: str) -> str | None:
    """Judge the name of a port (IANA_SVC_NAME)."""
    if len(value) > _PORT_NAME:
        return f"must be no more than {_PORT_NAME} characters"
    if not re.fullmatch(r"[-a-z0-9]+", value):
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not re.search(r"[a-z]", value):
        return "must contain at least one letter (a-z)"
    if "--" in value:
        return "must not contain consecutive hyphens"
    return "must not begin or end with a hyphen" if value[0] == "-" or value[-1] == "-" else None
