"""The documents that sessions are started with: what kind of session each makes, and which parameters it takes.

Source: AWS Systems Manager user guide, "Session document schema" and "Start a session"; the words of refusals about
parameters are unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moto.core.exceptions import ServiceException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHELL, INTERACTIVE, COMMAND, PORT = "Standard_Stream", "InteractiveCommands", "NonInteractiveCommands", "Port"
DEFAULT: Final = "SSM-SessionManagerRunShell"
_PORT_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_LARGEST_PORT: Final = 65535


class SsmError(ServiceException):
    """A refusal of Session Manager."""


@dataclass(frozen=True, slots=True)
class Document:
    """A session document: the type of its sessions, its parameters, and what an agent is told besides them."""

    kind: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    forwards: bool = False
    """Whether a port may be connected to again and again, rather than once."""

    def properties(self, asked: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Return what the agent is told of a session's parameters; raises SsmError."""
        for name in asked:
            if name not in (*self.required, *self.optional):
                raise SsmError("InvalidParameters", f"Parameter {name} is not defined in the document.")
        for name in self.required:
            if len(asked.get(name, ())) != 1 or not asked[name][0]:
                raise SsmError("InvalidParameters", f"Parameter {name} needs one value.")
        told = {name: values[0] for name, values in asked.items() if values}
        _demand_port(told.get("portNumber"))
        return told | ({"type": "LocalPortForwarding"} if self.forwards else {})


def _demand_port(number: str | None) -> None:
    if number is not None and not (_PORT_NUMBER.fullmatch(number) and int(number) <= _LARGEST_PORT):
        raise SsmError("InvalidParameters", f"Parameter portNumber cannot be {number}.")


_DOCUMENTS: Final = {
    DEFAULT: Document(SHELL),
    "AWS-StartInteractiveCommand": Document(INTERACTIVE, ("command",)),
    "AWS-StartNonInteractiveCommand": Document(COMMAND, ("command",)),
    "AmazonEKS-ExecuteNonInteractiveCommand": Document(COMMAND, ("command",)),
    "AWS-StartSSHSession": Document(PORT, (), ("portNumber",)),
    "AWS-StartPortForwardingSession": Document(PORT, ("portNumber",), ("localPortNumber",), forwards=True),
    "AWS-StartPortForwardingSessionToRemoteHost": Document(
        PORT, ("portNumber", "host"), ("localPortNumber",), forwards=True
    ),
}


def document(name: str) -> Document:
    """Return the document of a name or an ARN; raises SsmError."""
    try:
        return _DOCUMENTS[name.rpartition("/")[2]]
    except KeyError:
        raise SsmError("InvalidDocument", f"Document with name {name} does not exist.") from None
