"""Patches of objects, and who manages which of their fields."""

from __future__ import annotations
