"""Where models' configurations come from when they are not files of the person's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from hpctl.errors import UnavailableError


class ModelHub(Protocol):
    """The Hugging Face Hub, as far as `config.json` goes."""

    def cached(self, model_id: str) -> Path | None:
        """Find the file in this machine's cache, without network; None where it is not."""
        ...

    def fetch(self, model_id: str) -> str:
        """Ask the Hub for the text of the file, within seconds.

        Raises NotFoundError when there is no such model or it has no such file, AccessError when it is gated or
        private, UnavailableError when the Hub cannot be reached or may not be.
        """
        ...


class EmptyHub:
    """A Hub of which nothing is on this machine, and which nobody may ask."""

    def cached(self, model_id: str) -> None:  # noqa: ARG002  the port's signature
        """Find nothing."""
        return

    def fetch(self, model_id: str) -> str:
        """Raise UnavailableError."""
        raise UnavailableError(f"nobody may ask the Hugging Face Hub for `{model_id}` here", hint="give a folder")


EMPTY_HUB: Final = EmptyHub()
