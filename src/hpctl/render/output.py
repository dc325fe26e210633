"""The output forms that `-o` names."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """How an answer is written. `jsonl` is for long commands: one typed step a line."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    JSONL = "jsonl"
