"""Amounts of resources as Kueue writes them in messages and in statuses (`resource.Quantity`, canonical form)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

_BINARY: Final = ("memory", "ephemeral-storage", "hugepages-")
_STEP: Final = 1024
_UNITS: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def told_amount(resource: str, amount: Decimal) -> str:
    """Return an amount of a resource: processors in thousandths, memory with the largest unit that leaves no rest."""
    if amount != amount.to_integral_value():
        return f"{int(amount * 1000)}m"
    whole, power = int(amount), 0
    if not whole or not resource.startswith(_BINARY):
        return str(whole)
    while whole % _STEP == 0 and power < len(_UNITS) - 1:
        whole, power = whole // _STEP, power + 1
    return f"{whole}{_UNITS[power]}"
