"""Stands in for PyTorch: a tensor of one number, the launcher, and a process group that the real variables form."""

from __future__ import annotations

__version__ = "2.0.0"


class Tensor:
    """One number that others may change."""

    def __init__(self, value: float) -> None:
        """Hold it."""
        self.value = value

    def item(self) -> float:
        """Return it."""
        return self.value


def tensor(value: float) -> Tensor:
    """Return a number as a tensor."""
    return Tensor(float(value))
