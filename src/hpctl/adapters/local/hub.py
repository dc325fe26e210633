"""The Hugging Face Hub: its cache by the layout of its folders, and one bounded request for what is not there.

The cache's layout and the names of the variables are huggingface_hub 2.4.0's. The library itself is not used: with the
network down it tries for 23 s (measured), and hpctl needs one small file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hpctl.errors import UnavailableError

if TYPE_CHECKING:
    from hpctl.adapters.local.hub_request import Send

TIMEOUT_S: Final = 8.0
"""Longest that a request may take, names and redirects included."""

_YES = frozenset({"1", "on", "yes", "true"})


class LocalHub:
    """The Hub as this machine sees it; `environ` names folders, endpoint and token as for huggingface_hub."""

    def __init__(self, environ: Mapping[str, str], send: Send | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Remember the environment; nothing is read or sent yet."""
        self._environ = environ
        self._send = send
        self._timeout_s = timeout_s

    def cached(self, model_id: str) -> Path | None:
        """Find `config.json` of the newest snapshot that `main` leads to."""
        folder = self._cache / f"models--{model_id.replace('/', '--')}"
        try:
            commit = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None
        file = folder / "snapshots" / commit / "config.json"
        return file if commit and file.is_file() else None

    def fetch(self, model_id: str) -> str:
        """Ask once; see the port."""
        if self._environ.get("HF_HUB_OFFLINE", "").casefold() in _YES:
            hint = "unset HF_HUB_OFFLINE, or give a folder with the model's `config.json`"
            raise UnavailableError("the Hugging Face Hub may not be asked: HF_HUB_OFFLINE is set", hint=hint)
        from hpctl.adapters.local.hub_request import ask, sent  # urllib and threads weigh more than the cache

        endpoint = self._environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
        return ask(endpoint, model_id, self._token(), self._send or sent, self._timeout_s)

    @property
    def _home(self) -> Path:
        base = self._environ.get("XDG_CACHE_HOME") or Path(self._environ.get("HOME", "~"), ".cache").expanduser()
        return Path(self._environ.get("HF_HOME") or Path(base, "huggingface")).expanduser()

    @property
    def _cache(self) -> Path:
        named = self._environ.get("HF_HUB_CACHE") or self._environ.get("HUGGINGFACE_HUB_CACHE")
        return Path(named).expanduser() if named else self._home / "hub"

    def _token(self) -> str | None:
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
            if self._environ.get(name):
                return self._environ[name].strip()
        try:
            file = Path(self._environ.get("HF_TOKEN_PATH") or self._home / "token").expanduser()
            return file.read_text(encoding="utf-8").strip() or None
        except (OSError, ValueError):
            return None
