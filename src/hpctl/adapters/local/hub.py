"""The Hugging Face Hub: its cache by the layout of its folders, and one bounded request for what is not there.

The cache's layout, the names of the variables and the `X-Error-Code` header are huggingface_hub 2.4.0's. The library
itself is not used: with the network down it tries for 23 s (measured), and hpctl needs one small file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError

TIMEOUT_S: Final = 8.0
"""Longest that a request may take, names and redirects included."""

_MAX_BYTES = 10 * 1024 * 1024
_YES = frozenset({"1", "on", "yes", "true"})

Open = Callable[[Request, float], bytes]
"""Send a request and give the body, within so many seconds."""


class LocalHub:
    """The Hub as this machine sees it; `environ` names folders, endpoint and token as for huggingface_hub."""

    def __init__(self, environ: Mapping[str, str], opened: Open | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Remember the environment; nothing is read or sent yet."""
        self._environ = environ
        self._opened = opened or _sent
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
        try:
            return _within(self._timeout_s, lambda: self._opened(self._request(model_id), self._timeout_s)).decode()
        except HTTPError as error:
            raise self._refused(model_id, error) from None
        except TimeoutError:
            raise _unreachable(f"no answer within {self._timeout_s:g} s") from None
        except URLError as error:
            raise _unreachable(str(error.reason)) from None
        except (OSError, ValueError) as error:
            raise _unreachable(str(error)) from None

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

    def _request(self, model_id: str) -> Request:
        endpoint = self._environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
        if urlsplit(endpoint).scheme not in {"http", "https"}:
            raise URLError(f"HF_ENDPOINT is `{endpoint}`, which is no web address")
        request = Request(f"{endpoint}/{quote(model_id)}/resolve/main/config.json")  # noqa: S310 - checked above
        request.add_header("User-Agent", "hpctl")
        if token := self._token():
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        return request

    def _refused(self, model_id: str, error: HTTPError) -> HpctlError:
        """Tell gated, private, missing and failing apart; without a token the Hub says 401 for what does not exist."""
        code = error.headers.get("X-Error-Code", "") if error.headers else ""
        if code == "GatedRepo":
            hint = f"ask for access on the page of `{model_id}`, then set HF_TOKEN to a token of that account"
            return AccessError(f"`{model_id}` is gated on the Hugging Face Hub", hint=hint)
        if code == "EntryNotFound":
            hint = "it may hold an adapter or weights of another format; give the model that it was made from"
            return NotFoundError(f"`{model_id}` has no `config.json` on the Hugging Face Hub", hint=hint)
        if code == "RepoNotFound" or error.code == 404:  # noqa: PLR2004 - HTTP's own number
            hint = "check the spelling; for a private model set HF_TOKEN to a token that may read it"
            return NotFoundError(f"the Hugging Face Hub shows no model `{model_id}`", hint=hint)
        if error.code in {401, 403}:
            hint = "set HF_TOKEN to a token that may read it, or give a folder with its `config.json`"
            return AccessError(f"the Hugging Face Hub refuses `{model_id}`: HTTP {error.code}", hint=hint)
        return _unreachable(f"HTTP {error.code}")


class _KeepsToken(HTTPRedirectHandler):
    """Sends the token on to the same host, and to no other."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        token = req.unredirected_hdrs.get("Authorization")
        if followed and token and urlsplit(newurl)[:2] == urlsplit(req.full_url)[:2]:
            followed.add_unredirected_header("Authorization", token)
        return followed


def _sent(request: Request, timeout_s: float) -> bytes:
    with build_opener(_KeepsToken()).open(request, timeout=timeout_s) as answer:
        body: bytes = answer.read(_MAX_BYTES)
    return body


def _within(seconds: float, ask: Callable[[], bytes]) -> bytes:
    """Bound what a socket's own timeout does not: looking a name up, and a body that trickles."""
    answers: SimpleQueue[bytes | Exception] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _unreachable(reason: str) -> UnavailableError:
    hint = "give a folder with the model's `config.json`, or a name of `hpctl`'s own catalogue"
    return UnavailableError("the Hugging Face Hub cannot be reached", cause=reason, hint=hint)
