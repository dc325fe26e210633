"""What objects look like: shapes, defaults and faults of built-in and custom kinds."""

from __future__ import annotations
