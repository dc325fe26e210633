"""Starting sessions where others of the account do so, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl import timeouts
from hpctl.adapters.ssm.limiter import StartLimiter
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.session_ports import Target
from tests.unit.adapters.wire import Wire, connect, error, ok

NODE = Target("0123456789ab", "workers", "i-0123456789abcdef0")
STARTED = ok({"SessionId": "ada-0a", "StreamUrl": "wss://x/y", "TokenValue": "secret-token"})
THROTTLED = error("ThrottlingException", "Rate exceeded", 400)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


def a_starter(wire: Wire, home: Path, waits: list[float]) -> Starter:
    return Starter(connect(wire), StartLimiter({"HPCTL_STATE_HOME": str(home)}), waits.append)


def test_a_throttled_start_takes_another_moment(tmp_path: Path) -> None:
    waits: list[float] = []
    wire = Wire(*[THROTTLED] * (timeouts.ATTEMPTS + 1), STARTED)
    opened = a_starter(wire, tmp_path, waits).start(NODE, INTERACTIVE, {"command": ["true"]})
    assert (opened.session_id, len(waits), len(wire.sent)) == ("ada-0a", 2, timeouts.ATTEMPTS + 2)
    assert "secret-token" not in repr(opened)


def test_other_failures_take_no_other_moment(tmp_path: Path) -> None:
    waits: list[float] = []
    with pytest.raises(UnavailableError, match="failed to answer"):
        a_starter(Wire(error("InternalServerError", "no", 500)), tmp_path, waits).start(NODE, INTERACTIVE, {})
    with pytest.raises(NotFoundError, match="does not reach node `i-0123456789abcdef0`"):
        a_starter(Wire(error("TargetNotConnected", "not connected", 400)), tmp_path, waits).start(NODE, INTERACTIVE, {})
    assert len(waits) == 2
