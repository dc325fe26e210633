"""Accelerators by the names that people use: canonical names, and which instance types satisfy them.

The names are SkyPilot's where it has one (0.14.1, `sky gpus list`); the devices are those of the catalog.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_types
from hpctl.catalog.nearest import nearest
from hpctl.spec.job import Accelerator

_VENDORS = ("NVIDIA ", "AWS ")
_RENAMED: Final = {"RTX PRO Server 6000": "RTX-PRO-6000", "RTX PRO 4500": "RTX-PRO-4500"}
_SMALLEST_A100_80 = 60
"""GiB; the catalog knows the two kinds of A100 by their memory alone."""
_ALIASES: Final = {
    "a10040gb": "A100",
    "b200180gb": "B200",
    "b300288gb": "B300",
    "gb200186gb": "GB200",
    "h10080gb": "H100",
    "h100sxm": "H100",
    "h200141gb": "H200",
    "h200sxm": "H200",
    "l40s48gb": "L40S",
    "trn1": "Trainium",
    "trn2": "Trainium2",
}
_TPU = re.compile(r"tpu[-_ ]?\S*", re.IGNORECASE)
_MOST_SHOWN = 40


class AcceleratorError(ValueError):
    """A text names no accelerator that HyperPod has; `nearest` is what may have been meant."""

    def __init__(self, message: str, close: str | None = None) -> None:
        """Keep the suggestion apart from the sentence."""
        super().__init__(message)
        self.nearest = close


def name_of(row: InstanceType) -> str | None:
    """Name the device of an instance type as jobs ask for it; None where it has none."""
    if row.accelerator_name is None:
        return None
    bare = row.accelerator_name
    for vendor in _VENDORS:
        bare = bare.removeprefix(vendor)
    if bare == "A100" and (row.accelerator_memory_gib or 0) > _SMALLEST_A100_80:
        return "A100-80GB"
    return _RENAMED.get(bare, bare)


@cache
def accelerator_names() -> Mapping[str, tuple[InstanceType, ...]]:
    """Map every canonical name to the types that have exactly that device."""
    rows: dict[str, list[InstanceType]] = {}
    for row in instance_types():
        if name := name_of(row):
            rows.setdefault(name, []).append(row)
    return MappingProxyType({name: tuple(found) for name, found in rows.items()})


def satisfies(device: str, wanted: str) -> bool:
    """Tell whether a device of canonical name `device` is the `wanted` one, or the same with more memory.

    `A100` is satisfied by `A100-80GB`; a device of less memory never is.
    """
    return device == wanted or device.startswith(f"{wanted}-")


def most_of_a_node(name: str) -> int:
    """Return how many devices of a canonical name the largest instance type has."""
    return max(row.accelerator_count for row in accelerator_names()[name])


def canonical(text: str) -> str:
    """Return the canonical name of what somebody wrote.

    Raises AcceleratorError for a name that no HyperPod instance type has, or that several begin with.
    """
    folded = _folded(text)
    if alias := _ALIASES.get(folded):
        return alias
    names = accelerator_names()
    if same := [name for name in names if _folded(name) == folded]:
        return same[0]
    begun = [name for name in names if name.casefold().startswith(f"{text.casefold()}-")]
    if len(begun) == 1:
        return begun[0]
    if begun:
        message = f"`{text}` is ambiguous: {_listed(begun)}"
        raise AcceleratorError(message, begun[0])
    raise _unknown(text)


def accelerator(text: str) -> Accelerator:
    """Read `H100`, `H100:8` or `T4:0.5`; without a count it is one device.

    Raises AcceleratorError; see `canonical`.
    """
    name, colon, count = text.strip().partition(":")
    return Accelerator(name=canonical(name.strip()), count=counted(count.strip() if colon else "1", text))


def counted(text: str, shown: str) -> float:
    """Read the number of devices; AcceleratorError unless it is finite and above 0."""
    try:
        count = float(text)
    except ValueError:
        count = math.nan
    if not (math.isfinite(count) and count > 0):
        message = f"`{_cut(shown)}`: the count of accelerators is a number above 0"
        raise AcceleratorError(message)
    return count


def _unknown(text: str) -> AcceleratorError:
    if _TPU.fullmatch(text):
        return AcceleratorError(f"`{_cut(text)}` is a TPU; HyperPod has {_listed(accelerator_names())}")
    close = next(iter(nearest(text, accelerator_names())), None)
    message = f"no HyperPod instance type has the accelerator `{_cut(text)}`; there are {_listed(accelerator_names())}"
    return AcceleratorError(message, close)


def _listed(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
