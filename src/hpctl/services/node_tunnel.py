"""Pass bytes between a connection here and one on a node, both ways, until both are done."""

from __future__ import annotations

from threading import Condition, Thread

from hpctl import timeouts
from hpctl.errors import HpctlError
from hpctl.facts.session_ports import Tunnel


def join(near: Tunnel, far: Tunnel, quiet_s: float = timeouts.TUNNEL_QUIET_S) -> None:
    """Return when the far end has closed, or when the near one has and nothing comes any more for `quiet_s`.

    The far end need not hear that the near one has said all: Session Manager has no word for that. Raises what the
    far end raises while the near one is open, and nothing when the near one breaks.
    """
    traffic = _Traffic()
    for source, goal, way in ((near, far, traffic.up), (far, near, traffic.down)):
        Thread(target=_pass_on, args=(source, goal, way, traffic), daemon=True).start()
    traffic.wait(quiet_s)
    if traffic.down.error:
        raise traffic.down.error
    if traffic.up.error and not traffic.down.ended:
        raise traffic.up.error


class _Way:
    """One direction: whether it has ended, and with what."""

    def __init__(self) -> None:
        self.ended = False
        self.error: BaseException | None = None


class _Traffic:
    """Both directions, and whether anything moved since somebody looked."""

    def __init__(self) -> None:
        self.up, self.down = _Way(), _Way()
        self._changed, self._moved = Condition(), False

    def moved(self) -> None:
        with self._changed:
            self._moved = True
            self._changed.notify_all()

    def ended(self, way: _Way, error: BaseException | None) -> None:
        with self._changed:
            way.ended, way.error = True, error
            self._changed.notify_all()

    def wait(self, quiet_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.down.ended or self.up.ended)
            while not self.down.ended and self.up.error is None:
                self._moved = False
                if not self._changed.wait_for(lambda: self._moved or self.down.ended, quiet_s):
                    return


def _pass_on(source: Tunnel, goal: Tunnel, way: _Way, traffic: _Traffic) -> None:
    try:
        while data := source.receive():
            traffic.moved()
            goal.send(data)
        goal.end()
    except HpctlError as error:
        traffic.ended(way, error)
    except BaseException as error:  # a bug: whoever waits ends with it, too
        traffic.ended(way, error)
        raise
    else:
        traffic.ended(way, None)
