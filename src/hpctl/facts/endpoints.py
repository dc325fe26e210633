"""Where AWS's services are reached from this machine, as a port."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Obstacle(StrEnum):
    """What stands between this machine and an endpoint; the value completes "the endpoint …"."""

    NAME = "has a name that does not resolve"
    REFUSED = "refuses connections"
    SILENT = "does not answer"
    CERTIFICATE = "shows a certificate that this machine does not trust"
    PROXY = "is behind a proxy that does not let through"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address, the services that are asked there, and what is in the way (None: nothing).

    `detail` is what the network library said, `proxy` the proxy that the way leads through.
    """

    host: str
    services: tuple[str, ...]
    obstacle: Obstacle | None = None
    detail: str = ""
    proxy: str | None = None


class Endpoints(Protocol):
    """The endpoints of the services that hpctl asks; raises what the ports of `facts.ports` raise."""

    def tried(self) -> tuple[Endpoint, ...]:
        """Connect to each endpoint once, without signing anything, and return how that went."""
        ...
