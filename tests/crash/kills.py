"""A command is killed at a point of its way, and the same command again ends where an undisturbed one does."""

from __future__ import annotations

import signal

from tests.crash import points
from tests.crash.hold import holding
from tests.crash.stories import Stage

Failures = dict[str, list[str]]


def at_calls(stage: Stage, name: str, *, reaching: bool) -> Failures:
    """Kill at each call, AWS having taken it or not; return what went wrong, by point."""
    only_changes = points.steps(stage, name)
    numbers = points.calls(stage, name) if reaching else only_changes
    found = {f"call {number} {stage.undisturbed(name).calls[number - 1]}": number for number in numbers}
    return _only_wrong({where: _at_call(stage, name, number, reaching=reaching) for where, number in found.items()})


def at_writes(stage: Stage, name: str, fate: str) -> Failures:
    """Kill at everything that is done to the records; return what went wrong, by point."""
    found = {
        f"{number} {what}": number
        for number, what in points.writes(stage, name)
        if fate != "tear" or what.startswith(("write", "pwrite"))
    }
    assert found
    return _only_wrong({where: _at_write(stage, name, number, fate) for where, number in found.items()})


def _at_call(stage: Stage, name: str, number: int, *, reaching: bool) -> list[str]:
    scene = stage.scene(name)
    with holding(stage.sandbox.proxy, number, reaching=reaching) as hold:
        running = scene.start()
        hold.wait(running)
        running.kill(signal.SIGKILL)
        ended = running.end()
    wrong = [] if ended.code == -signal.SIGKILL else [f"first: {ended}"]
    return [*wrong, *scene.converges(hold.taken)]


def _at_write(stage: Stage, name: str, number: int, fate: str) -> list[str]:
    scene = stage.scene(name)
    with holding(stage.sandbox.proxy) as hold:
        ended = scene.run(disk={"at": number, "fate": fate})
    wrong = [] if ended.code == -signal.SIGKILL else [f"first: {ended}"]
    return [*wrong, *scene.converges(hold.taken)]


def _only_wrong(told: Failures) -> Failures:
    return {where: wrong for where, wrong in told.items() if wrong}
