"""Starting, resuming and ending sessions: what is asked of AWS itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from hpctl import timeouts
from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.ssm.limiter import StartLimiter
from hpctl.errors import NotFoundError, RefusedError, UnavailableError
from hpctl.facts.session_ports import Target

INTERACTIVE: Final = "AWS-StartInteractiveCommand"
SSH: Final = "AWS-StartSSHSession"

_PAUSE_S: Final = 1.0
"""The longest wait after a first try that failed; it doubles with each, up to `timeouts.BACKOFF_CAP_S`."""

_NOT_CONNECTED: Final = frozenset({"TargetNotConnected", "InvalidTarget", "InvalidInstanceId"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and what opens its data channel; the token is a secret."""

    session_id: str
    url: str
    token: str = field(repr=False)
    certificates: str = ""
    """The file of the certificates that are trusted; the system's where that is empty."""


class Starter:
    """Starts sessions, no faster than AWS lets an account."""

    def __init__(
        self, aws: AwsSession, limiter: StartLimiter, wait: Callable[[float], None], jitter: Callable[[], float]
    ) -> None:
        """Ask through `aws`; `wait` lets seconds pass, and may raise to stop, `jitter` gives chance from 0 to 1."""
        self._aws, self._limiter, self._wait, self._jitter = aws, limiter, wait, jitter

    def start(self, node: Target, document: str, parameters: Mapping[str, Sequence[str]]) -> Opened:
        """Start a session.

        Raises:
            NotFoundError: there is no such node, or its agent is not connected.
            HpctlError: what `adapters.aws.errors` makes of other failures.
        """
        asked = {name: list(values) for name, values in parameters.items()}
        request = {"Target": str(node), "DocumentName": document, "Parameters": asked, "Reason": "hpctl"}
        try:
            answer = self._in_turn(request)
        except RefusedError as error:
            if error.aws_code in _NOT_CONNECTED:
                raise _not_connected(node, error) from error
            raise
        return self._trusting(_opened(answer))

    def _in_turn(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call at a free moment, and at another when it failed: a try that took none would use up somebody else's."""
        for tries in count(1):
            self._wait(self._limiter.seconds_to_wait(self._aws.region))
            try:
                return self._aws.call_once("ssm", "StartSession", **request)
            except UnavailableError:
                if tries >= timeouts.ATTEMPTS:
                    raise
            self._wait(self._jitter() * min(_PAUSE_S * 2 ** (tries - 1), timeouts.BACKOFF_CAP_S))
        raise AssertionError  # counting has no end

    def resume(self, session_id: str) -> Opened:
        """Open the data channel of a session that goes on; raises as `start` does."""
        return self._trusting(_opened(self._aws.call("ssm", "ResumeSession", SessionId=session_id)))

    def end(self, session_id: str) -> None:
        """End a session whose channel cannot say so any more; raises as `start` does."""
        self._aws.call("ssm", "TerminateSession", SessionId=session_id)

    def _trusting(self, opened: Opened) -> Opened:
        """The channel's host is vouched for as AWS's other hosts are."""
        from botocore.httpsession import get_cert_path

        chosen = self._aws.certificates
        return replace(opened, certificates=chosen if isinstance(chosen, str) else str(get_cert_path(verify=True)))


@reads("ssm:StartSession")
def _opened(answer: Mapping[str, Any]) -> Opened:
    return Opened(answer["SessionId"], answer["StreamUrl"], answer["TokenValue"])


def _not_connected(node: Target, error: RefusedError) -> NotFoundError:
    return NotFoundError(
        f"Session Manager does not reach node `{node.instance_id}` of group `{node.instance_group}`: {error.message}",
        hint="a node is reached while it is `Running`: `hpctl node list` says so; the role of its group needs the "
        "managed policy AmazonSageMakerClusterInstanceRolePolicy, and its subnet a way to Session Manager",
    )
