"""Session Manager's operations, requests checked against the service model; the rest of Systems Manager is moto's."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.ssm.responses import SimpleSystemManagerResponse

from hpctl.sandbox.callers import caller_arn
from hpctl.sandbox.shapes import SerializationError, validation_message
from hpctl.sandbox.ssm.documents import SsmError
from hpctl.sandbox.ssm.models import SessionsBackend, ssm_backends

OPERATIONS: Final = frozenset({"StartSession", "ResumeSession", "TerminateSession", "DescribeSessions"})
_PAGE: Final = 50


class SessionsResponse(SimpleSystemManagerResponse):
    """moto's Systems Manager with Session Manager in it."""

    @property
    def ssm_backend(self) -> SessionsBackend:
        """The backend of the caller's account and Region."""
        return ssm_backends[self.current_account][self.region]

    def call_action(self) -> Any:
        """Check the members of Session Manager's requests first: moto does not."""
        if self._get_action() in OPERATIONS and (refused := self._problem()):
            return self.serialized(ActionResult(refused))
        return super().call_action()

    def start_session(self) -> ActionResult:
        """StartSession."""
        owner = caller_arn(self.current_account, self.headers.get("Authorization", ""))
        return ActionResult(self.ssm_backend.start_session(self._asked, owner))

    def resume_session(self) -> ActionResult:
        """ResumeSession."""
        return ActionResult(self.ssm_backend.resume_session(str(self._asked["SessionId"])))

    def terminate_session(self) -> ActionResult:
        """TerminateSession."""
        return ActionResult(self.ssm_backend.terminate_session(str(self._asked["SessionId"])))

    def describe_sessions(self) -> ActionResult:
        """DescribeSessions."""
        rows = self.ssm_backend.described_sessions(self._asked["State"], self._asked.get("Filters") or [])
        start = _position(self._asked.get("NextToken"))
        end = start + int(self._asked.get("MaxResults") or _PAGE)
        token = base64.b64encode(str(end).encode()).decode() if end < len(rows) else None
        return ActionResult({"Sessions": rows[start:end], "NextToken": token})

    @property
    def _asked(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body or "{}")
        return found

    def _problem(self) -> SsmError | None:
        shape = get_service_model("ssm").operation_model(self._get_action()).input_shape
        try:
            message = validation_message(shape, self._asked)
        except (SerializationError, json.JSONDecodeError) as error:
            return SsmError("SerializationException", str(error))
        return None if message is None else SsmError("ValidationException", message)


def _position(token: str | None) -> int:
    try:
        return int(base64.b64decode(token or "MA=="))
    except (binascii.Error, ValueError) as error:
        raise SsmError("InvalidNextToken", "The specified token is not valid.") from error
