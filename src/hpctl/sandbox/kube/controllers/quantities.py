"""Amounts of resources, and how much of them a pod asks for.

Source: Kubernetes documentation, "Resource Management for Pods and Containers", "Sidecar Containers", and the
serialization format of `resource.Quantity`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.kube.resources import Object

Amounts = dict[str, Decimal]
"""Resources by name."""

_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?")
_UNITS: Final[dict[str, Decimal]] = {
    **{unit: Decimal(1000) ** power for power, unit in zip((-3, -2, -1), "num", strict=True)},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


def amount(quantity: object) -> Decimal:
    """Return what a quantity amounts to; raises ValueError."""
    found = _QUANTITY.fullmatch(str(quantity))
    if found is None:
        message = f"unable to parse quantity: {quantity}"
        raise ValueError(message)
    number, unit = Decimal(found[1]), found[2]
    if unit is None:
        return number
    return number * (_UNITS[unit] if unit in _UNITS else Decimal(10) ** int(unit[1:]))


def amounts(quantities: Object | None) -> Amounts:
    """Return what a `ResourceList` amounts to."""
    return {name: amount(quantity) for name, quantity in (quantities or {}).items()}


def requests(pod: Object) -> Amounts:
    """Return what a pod asks a node for: all that runs at once, or the largest init container, and the pod itself."""
    spec, beside = pod["spec"], Amounts()
    most = Amounts()
    for container in spec.get("initContainers") or ():
        asked = _of_container(container)
        if container.get("restartPolicy") == "Always":
            beside = _sum(beside, asked)
            most = _most(most, beside)
        else:
            most = _most(most, _sum(beside, asked))
    running = beside
    for container in spec["containers"]:
        running = _sum(running, _of_container(container))
    return _sum(_sum(_most(most, running), amounts(spec.get("overhead"))), {"pods": Decimal(1)})


def total(parts: Iterable[Amounts]) -> Amounts:
    """Return the sum."""
    found = Amounts()
    for part in parts:
        found = _sum(found, part)
    return found


def _of_container(container: Object) -> Amounts:
    resources = container.get("resources") or {}
    # A limit without a request is the request too.
    return amounts(resources.get("limits")) | amounts(resources.get("requests"))


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, Decimal()) + other.get(name, Decimal()) for name in one | other}


def _most(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, Decimal()), other.get(name, Decimal())) for name in one | other}
