"""What became of a session, in hpctl's words."""

from __future__ import annotations

from hpctl import timeouts
from hpctl.adapters.ssm.broken import NotBegunError, SessionError
from hpctl.errors import HpctlError, UnavailableError, UsageError, WaitTimeoutError
from hpctl.facts.session_ports import Target


def not_begun(error: NotBegunError, node: Target, program: str) -> HpctlError:
    """Return the error for a program that was not started."""
    if error.encrypted:
        return UsageError(
            f"sessions to node `{node.instance_id}` are encrypted with a key of KMS, which hpctl does not speak",
            hint=f"the session-manager-plugin does: aws ssm start-session --target {node}",
        )
    return UnavailableError(
        f"`{program}` could not be started on node `{node.instance_id}`: {error}",
        hint="nothing ran there; try again later, and look at the node: `hpctl node list`",
    )


def broken(error: SessionError, node: Target, program: str) -> UnavailableError:
    """Return the error for a session that broke while a program ran."""
    return UnavailableError(
        f"the session to node `{node.instance_id}` broke before `{program}` ended: {error}",
        hint=f"what it did there is not known; within {timeouts.SESSION_LEASE_S:.0f} seconds it is ended there",
    )


def disconnected(error: SessionError, node: Target, port: int) -> UnavailableError:
    """Return the error for a connection that broke, or that nobody took."""
    return UnavailableError(
        f"the connection to port {port} of node `{node.instance_id}` broke: {error}",
        hint=f"is there a program that listens there? `hpctl node exec {node.instance_id} -- ss -ltn` shows all",
    )


def timed_out(node: Target, program: str, timeout_s: float) -> WaitTimeoutError:
    """Return the error for a program whose time was up."""
    return WaitTimeoutError(
        f"`{program}` did not end within {timeout_s:g} seconds on node `{node.instance_id}`, and was ended",
        hint="a longer time may help",
    )


def stopped() -> UnavailableError:
    """Return the error for whoever waited when all sessions were ended."""
    return UnavailableError("all sessions to nodes are being ended", hint="try again later")
