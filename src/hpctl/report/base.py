"""What every report is: frozen, versioned, and the only source of every output form."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION: Literal["hpctl/v1"] = "hpctl/v1"


class Part(BaseModel):
    """A piece of a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Report(Part):
    """An answer of a command. Fields are only ever added; lists are empty, never null."""

    schema_version: Literal["hpctl/v1"] = SCHEMA_VERSION
    kind: str

    def names(self) -> tuple[str, ...]:
        """Return what `-o name` prints, one line each."""
        return ()
