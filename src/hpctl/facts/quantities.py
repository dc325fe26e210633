"""Kubernetes' quantities as numbers (Kubernetes API reference, "Quantity")."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)")
_FACTORS: Final = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
} | {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}


def quantity(text: str | float) -> float:
    """Return what a quantity amounts to: `500m` is 0.5, `16Gi` is 17179869184.0.

    Raises:
        ValueError: it is no quantity.
    """
    found = _FORM.fullmatch(str(text))
    if found is None:
        raise ValueError(f"`{text}` is no quantity")
    number, exponent, suffix = found.groups()
    return float(number + (exponent or "")) * _FACTORS.get(suffix or "", 1.0)


def amount_of(resource: str, amount: float) -> str:
    """Return an amount of a resource as people write it: `95.26Gi` of memory, `8` of anything else."""
    if resource in ("memory", "ephemeral-storage"):
        return f"{amount / 2**30:.4g}Gi"
    return f"{amount:g}"
