"""Where faults are put in force: data over HTTP, on the sandbox's own address, for whoever knows the token.

The token stands in the sandbox's private state and travels in a header of its own, which no web page can send
without being asked for first, and nobody here says yes to that.

    GET     /.hpctl/faults          the faults in force
    POST    /.hpctl/faults          put in force: a fault, a list of them, or {"faults": [...]}; answers with them
    DELETE  /.hpctl/faults[/ID]     end one, or all; answers with what has ended
    GET     /.hpctl/calls           what was asked since the start: each operation once for each program that asked
    GET     /.hpctl/channels        what is in force on the data channels of sessions
    PUT     /.hpctl/channels        put in force, in the place of that: faults, a seed, limits (see `ssm.switch`)
    DELETE  /.hpctl/channels        as it was at the start
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from hpctl.errors import HpctlError, NotFoundError
from hpctl.sandbox.proxy.faults import CLUSTER_FAULTS, Injection, read_injections
from hpctl.sandbox.ssm.switch import Channels

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.proxy.fault_proxy import FaultProxy
    from hpctl.sandbox.proxy.ledger import Active
    from hpctl.sandbox.sagemaker.faults import Injected

FAULTS_PATH = "/.hpctl/faults"
CALLS_PATH = "/.hpctl/calls"
CHANNELS_PATH = "/.hpctl/channels"
TOKEN_HEADER = "X-Hpctl-Token"
_MAX_BYTES = 1 << 20

Row = dict[str, Any]


class Switchboard:
    """The gateway with a switchboard before it, as one WSGI application: stands behind the proxy that it switches."""

    def __init__(self, gateway: Gateway, region: str, token: str) -> None:
        """Serve a gateway; faults of clusters are for those of one Region."""
        self.proxy: FaultProxy | None = None
        self.channels = Channels()
        self._gateway = gateway
        self._region = region
        self._token = token

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"].startswith((FAULTS_PATH, CALLS_PATH, CHANNELS_PATH)):
            return self._answer(Request(environ))(environ, start_response)
        return self._gateway(environ, start_response)

    def put(self, injections: Iterable[Injection]) -> list[Row]:
        """Put faults in force and return them as they are told."""
        return [self._put(injection) for injection in injections]

    def rows(self) -> list[Row]:
        """Return the faults in force, oldest first."""
        rows = [*map(_row, self._road.ledger.active())]
        rows.extend(map(_cluster_row, self._gateway.cluster_faults(self._region)))
        return sorted(rows, key=lambda row: int(row["id"][1:]))

    def clear(self, fault_id: str | None = None) -> list[Row]:
        """End a fault, or all, and return what has ended; raises NotFoundError."""
        ended = [row for row in self.rows() if fault_id in {None, row["id"]}]
        if fault_id is not None and not ended:
            raise NotFoundError(f"no fault `{fault_id}` is in force", hint="hpctl sandbox inject --list")
        for row in ended:
            if row["fault"] in CLUSTER_FAULTS:
                self._gateway.clear_fault(self._region, row["id"])
            else:
                self._road.clear(row["id"])
        return ended

    def calls(self) -> list[Row]:
        """Return what was asked since the start, each operation once for each program, sorted."""
        asked = sorted({(str(call), call.agent) for call in self._road.calls})
        return [{"call": call, "agent": agent} for call, agent in asked]

    @property
    def _road(self) -> FaultProxy:
        if self.proxy is None:
            message = "the switchboard has no proxy yet"
            raise LookupError(message)
        return self.proxy

    def _put(self, injection: Injection) -> Row:
        if injection.fault not in CLUSTER_FAULTS:
            return _row(self._road.inject(injection))
        fault_id, end = self._road.ledger.new_id(), None
        if injection.for_s is not None:
            end = (self._gateway.clock() + timedelta(seconds=injection.for_s)).isoformat()
        told = injection.members()
        told.pop("for_s", None)
        members = {"id": fault_id, "kind": told.pop("fault"), **told, "until": end}
        self._gateway.put_fault(self._region, members)
        return {"id": fault_id, **injection.members(), "until": end}

    def _answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), self._token.encode()):
            return _told(403, {"message": f"this needs the header {TOKEN_HEADER}, as the sandbox's state file has it"})
        if (request.method, request.path) == ("GET", CALLS_PATH):
            return _told(200, {"calls": self.calls()})
        try:
            if request.path == CHANNELS_PATH:
                return _told(200, self._switched(request))
            return _told(200, {"faults": self._done(request)})
        except HpctlError as error:
            return _told(400, {"code": error.code, "message": error.message, "hint": error.hint})

    def _switched(self, request: Request) -> Row:
        request.max_content_length = _MAX_BYTES
        match request.method:
            case "PUT":
                self.channels.set(request.get_json(force=True))
            case "DELETE":
                self.channels.set({})
            case "GET":
                pass
            case _:
                raise NotFoundError(f"there is no {request.method} {request.path}")
        return self.channels.told()

    def _done(self, request: Request) -> list[Row]:
        request.max_content_length = _MAX_BYTES
        fault_id = request.path.removeprefix(FAULTS_PATH).strip("/") or None
        match request.method, fault_id:
            case "GET", None:
                return self.rows()
            case "POST", None:
                return self.put(read_injections(request.get_json(force=True)))
            case "DELETE", _:
                return self.clear(fault_id)
            case _:
                raise NotFoundError(f"there is no {request.method} {request.path}")


def _row(active: Active) -> Row:
    until = None if active.until is None else active.until.isoformat()
    return {"id": active.id, **active.injection.members(), "until": until, "struck": active.struck}


def _cluster_row(fault: Injected) -> Row:
    until = None if fault.until is None else fault.until.isoformat()
    scope = {"cluster": fault.cluster, "group": fault.group, "node": fault.node, "count": fault.count}
    kept = {name: value for name, value in scope.items() if value is not None}
    return {"id": fault.id, "fault": fault.kind.value, **kept, "until": until}


def _told(status: int, body: Row) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
