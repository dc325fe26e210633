"""Starting sessions where others of the account do so, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl import timeouts
from hpctl.adapters.ssm.limiter import AT_ONCE, WITHIN_S, StartLimiter
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.session_ports import Target
from tests.unit.adapters.wire import Reply, Wire, connect, error, ok

NOW_S = 1_763_769_600.0
NODE = Target("0123456789ab", "workers", "i-0123456789abcdef0")
STARTED = ok({"SessionId": "ada-0a", "StreamUrl": "wss://x/y", "TokenValue": "secret-token"})
THROTTLED = error("ThrottlingException", "Rate exceeded", 400)


def a_starter(wire: Wire, home: Path, waits: list[float]) -> Starter:
    limiter = StartLimiter({"HPCTL_STATE_HOME": str(home)}, lambda: NOW_S)
    return Starter(connect(wire), limiter, waits.append, lambda: 1.0)


def test_each_try_takes_a_moment_of_its_own(tmp_path: Path) -> None:
    waits: list[float] = []
    wire = Wire(*[THROTTLED] * 4, STARTED)
    opened = a_starter(wire, tmp_path, waits).start(NODE, INTERACTIVE, {"command": ["true"]})
    moments, pauses = waits[::2], waits[1::2]
    assert (opened.session_id, len(wire.sent), pauses) == ("ada-0a", 5, [1, 2, 4, 8])
    assert moments[:AT_ONCE] == [0] * AT_ONCE
    # The clock stands still here.
    assert moments[AT_ONCE:] == pytest.approx([WITHIN_S] * 2, abs=0.001)
    assert "secret-token" not in repr(opened)


@pytest.mark.parametrize("answer", [THROTTLED, error("InternalServerError", "no", 500)])
def test_a_start_that_goes_on_failing_is_told(answer: Reply, tmp_path: Path) -> None:
    wire = Wire(answer)
    with pytest.raises(UnavailableError, match=f"in all of up to {timeouts.ATTEMPTS} tries"):
        a_starter(wire, tmp_path, []).start(NODE, INTERACTIVE, {})
    assert len(wire.sent) == timeouts.ATTEMPTS


def test_a_refusal_is_not_asked_again(tmp_path: Path) -> None:
    wire = Wire(error("TargetNotConnected", "not connected", 400))
    with pytest.raises(NotFoundError, match="does not reach node `i-0123456789abcdef0`"):
        a_starter(wire, tmp_path, []).start(NODE, INTERACTIVE, {})
    assert len(wire.sent) == 1
