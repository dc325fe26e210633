"""Stands in for PyTorch: no tensors, but the launcher and a process group that the real variables form."""

from __future__ import annotations

__version__ = "2.0.0"
