"""Put faults in force in a running sandbox, look at them, end them: the switchboard's client."""

from __future__ import annotations

import json
import os
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from hpctl.errors import HpctlError, NotFoundError, UnavailableError, UsageError
from hpctl.sandbox.control import DEFAULT_NAME, running
from hpctl.sandbox.home import SandboxState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hpctl.sandbox.proxy.faults import Injection

_PATH = "/.hpctl/faults"
_TIMEOUT_S = 10.0
_OK = 200
_ERRORS: dict[str, type[HpctlError]] = {NotFoundError.code: NotFoundError, UsageError.code: UsageError}

Row = dict[str, Any]


def inject(
    injections: Iterable[Injection], name: str = DEFAULT_NAME, *, environ: Mapping[str, str] = os.environ
) -> list[Row]:
    """Put faults in force and return them with their ids.

    Raises:
        NotFoundError: the sandbox is not running.
        UnavailableError: it does not answer.
    """
    body = json.dumps([injection.members() for injection in injections])
    return _ask(running(name, environ=environ), "POST", _PATH, body)


def faults(name: str = DEFAULT_NAME, *, environ: Mapping[str, str] = os.environ) -> list[Row]:
    """Return the faults in force, oldest first; raises as `inject` does."""
    return _ask(running(name, environ=environ), "GET", _PATH)


def clear(
    fault_id: str | None = None, name: str = DEFAULT_NAME, *, environ: Mapping[str, str] = os.environ
) -> list[Row]:
    """End a fault, or all, and return what has ended; raises as `inject` does, and NotFoundError for an unknown id."""
    path = _PATH if fault_id is None else f"{_PATH}/{fault_id}"
    return _ask(running(name, environ=environ), "DELETE", path)


def _ask(state: SandboxState, method: str, path: str, body: str = "") -> list[Row]:
    # The side door: what is asked here must be heard while connections to the front are refused.
    connection = HTTPConnection("127.0.0.1", state.side_port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, path, body, {"X-Hpctl-Token": state.token, "Content-Type": "application/json"})
        response = connection.getresponse()
        status, told = response.status, json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        message = f"sandbox `{state.name}` does not answer: {error}"
        raise UnavailableError(message, hint=f"start it anew: hpctl sandbox down --name {state.name}") from error
    finally:
        connection.close()
    if status != _OK:
        raise _ERRORS.get(told.get("code"), UnavailableError)(told["message"], hint=told.get("hint"))
    rows: list[Row] = told["faults"]
    return rows
