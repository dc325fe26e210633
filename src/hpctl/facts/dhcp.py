"""What a VPC tells its instances when they start: the row, and the port that returns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

AMAZON_DNS = "AmazonProvidedDNS"
"""The name server of AWS's own, as DHCP options name it (Amazon VPC user guide, DHCP option sets)."""


NO_OPTIONS = "default"
"""What stands in place of an id where a VPC has no option set (EC2 AssociateDhcpOptions)."""


@dataclass(frozen=True, slots=True)
class DhcpOptions:
    """A VPC's DHCP option set (EC2 DescribeDhcpOptions); without name servers it names none at all."""

    options_id: str
    name_servers: tuple[str, ...] = (AMAZON_DNS,)


class Dhcp(Protocol):
    """DHCP option sets. Every method may raise what those of `facts.ports` may."""

    def options(self, options_id: str) -> DhcpOptions:
        """Return the option set; `NotFoundError` when there is none of that id."""
        ...
