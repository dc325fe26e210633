"""One request to the Hugging Face Hub: bounded, told apart when refused, and careful with the token.

The `X-Error-Code` header and its words are those that huggingface_hub 2.4.0 reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError

_MAX_BYTES = 10 * 1024 * 1024

Send = Callable[[str, Mapping[str, str], float], bytes]
"""Get the body behind an address with the headers, within so many seconds; raises what urllib does."""


def ask(endpoint: str, model_id: str, token: str | None, send: Send, timeout_s: float) -> str:
    """Get the text of a model's `config.json`; raises as the port's `fetch`."""
    if urlsplit(endpoint).scheme not in {"http", "https"}:
        raise _unreachable(f"HF_ENDPOINT is `{endpoint}`, which is no web address")
    address = f"{endpoint}/{quote(model_id)}/resolve/main/config.json"
    headers = {"User-Agent": "hpctl", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        return _within(timeout_s, lambda: send(address, headers, timeout_s)).decode()
    except HTTPError as error:
        raise _refused(model_id, error) from None
    except TimeoutError:
        raise _unreachable(f"no answer within {timeout_s:g} s") from None
    except URLError as error:
        raise _unreachable(str(error.reason)) from None
    except (OSError, ValueError) as error:
        raise _unreachable(str(error)) from None


def sent(address: str, headers: Mapping[str, str], timeout_s: float) -> bytes:
    """Send the request; the token goes along in redirects to the same host, and to no other."""
    request = Request(address)  # noqa: S310 - `ask` lets http and https through only
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    with build_opener(KeepsHeaders()).open(request, timeout=timeout_s) as answer:
        body: bytes = answer.read(_MAX_BYTES)
    return body


class KeepsHeaders(HTTPRedirectHandler):
    """Repeats the headers of the first request, the token among them, to the same host only."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        """Follow as usual, and then decide about the headers."""
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed and urlsplit(newurl)[:2] == urlsplit(req.full_url)[:2]:
            for name, value in req.unredirected_hdrs.items():
                followed.add_unredirected_header(name, value)
        return followed


def _refused(model_id: str, error: HTTPError) -> HpctlError:
    """Tell gated, private, missing and failing apart; without a token the Hub says 401 for what does not exist."""
    match error.headers.get("X-Error-Code", ""), error.code:
        case "GatedRepo", _:
            hint = f"ask for access on the page of `{model_id}`, then set HF_TOKEN to a token of that account"
            return AccessError(f"`{model_id}` is gated on the Hugging Face Hub", hint=hint)
        case "EntryNotFound", _:
            hint = "it may hold an adapter or weights of another format; give the model that it was made from"
            return NotFoundError(f"`{model_id}` has no `config.json` on the Hugging Face Hub", hint=hint)
        case ("RepoNotFound", _) | (_, 404):
            hint = "check the spelling; for a private model set HF_TOKEN to a token that may read it"
            return NotFoundError(f"the Hugging Face Hub shows no model `{model_id}`", hint=hint)
        case _, 401 | 403:
            hint = "set HF_TOKEN to a token that may read it, or give a folder with its `config.json`"
            return AccessError(f"the Hugging Face Hub refuses `{model_id}`: HTTP {error.code}", hint=hint)
    return _unreachable(f"HTTP {error.code}")


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
