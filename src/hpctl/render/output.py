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


class CheckOutput(StrEnum):
    """How what checks find is written: like every answer, or for systems that collect the results of tests."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    JSONL = "jsonl"
    JUNIT = "junit"

    @property
    def elsewhere(self) -> Output:
        """The form of everything beside it, such as errors: who collects results of tests reads text there."""
        return Output.TABLE if self is CheckOutput.JUNIT else Output(self.value)
