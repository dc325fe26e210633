"""Where models' configurations come from when they are not files of the person's own."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


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
