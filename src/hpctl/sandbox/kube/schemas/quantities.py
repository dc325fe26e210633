"""Quantities, and how the API server writes each: `1000m` is `1` (k8s.io/apimachinery, pkg/api/resource)."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Final

REFUSED: Final = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"  # its own words
)
_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))")
_BINARY: Final = {"Ei": 1024**6, "Pi": 1024**5, "Ti": 1024**4, "Gi": 1024**3, "Mi": 1024**2, "Ki": 1024}
_DECIMAL: Final = {
    "E": Fraction(10**18),
    "P": Fraction(10**15),
    "T": Fraction(10**12),
    "G": Fraction(10**9),
    "M": Fraction(10**6),
    "k": Fraction(10**3),
    "": Fraction(1),
    "m": Fraction(1, 10**3),
    "u": Fraction(1, 10**6),
    "n": Fraction(1, 10**9),
}


def amount(text: str) -> Fraction:
    """Return the number that a quantity stands for; raises ValueError."""
    return _read(text)[0]


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """Return a quantity as the API server writes it; raises ValueError."""
    number, suffix, exponent = _read(text)
    if suffix in _BINARY and number.denominator == 1:
        return (
            next((f"{number // size}{name}" for name, size in _BINARY.items() if not number % size), str(number))
            if (number)
            else "0"
        )
    number = Fraction(ceil(number * 10**9), 10**9)
    if exponent:
        power = next(power for power in range(18, -10, -3) if not number % Fraction(10) ** power) if number else 0
        return f"{number / Fraction(10) ** power}e{power}" if power else str(number)
    return next(f"{number / size}{name}" for name, size in _DECIMAL.items() if not number % size) if number else "0"


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Fraction, str, bool]:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(REFUSED)
    digits, binary, decimal, exponent = found.groups()
    if exponent is not None:
        return Fraction(digits) * Fraction(10) ** int(exponent), "", True
    return Fraction(digits) * (_BINARY[binary] if binary else _DECIMAL[decimal or ""]), binary or decimal or "", False
