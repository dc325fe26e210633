"""Reports, errors and progress become text here; nothing else in hpctl writes to stdout or stderr."""

from __future__ import annotations
