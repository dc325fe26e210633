"""A command gets Ctrl-C or SIGTERM, once or twice, at a point of its way."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.errors import ExitCode
from tests.crash import points
from tests.crash.hold import Hold, holding
from tests.crash.process import Ended, Running
from tests.crash.stories import NAME, Scene, Stage

FINISHING = "finishing the step that is under way; once more to leave at once"
CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
CANCEL = f"to cancel: hpctl cluster delete {NAME}\n"


@dataclass(frozen=True)
class Interruption:
    """`times` a signal, while a call is held that AWS has (`reaching`) or does not have."""

    number: signal.Signals
    times: int = 1
    reaching: bool = True

    @property
    def code(self) -> ExitCode:
        return CODES[self.number]


def in_steps(stage: Stage, name: str, interruption: Interruption) -> dict[str, list[str]]:
    """Interrupt each step of a story; return what went wrong, by step."""
    told = {}
    for count, call in enumerate(points.steps(stage, name), start=1):
        scene = stage.scene(name)
        with holding(stage.sandbox.proxy, call, reaching=interruption.reaching) as hold:
            running = scene.start()
            hold.wait(running)
            _interrupt(running, interruption, hold)
            ended = running.end()
        wrong = [*_ill(ended, interruption.code), *_unsaid(ended, scene, count, interruption)]
        told[f"step {count}"] = [*wrong, *scene.converges(hold.taken)]
    return {where: wrong for where, wrong in told.items() if wrong}


def _interrupt(running: Running, interruption: Interruption, hold: Hold) -> None:
    running.kill(interruption.number)
    running.has_said(FINISHING)  # while the call still waits for its answer
    if interruption.times > 1:
        running.kill(interruption.number)
    else:
        hold.let_go.set()


def elsewhere(stage: Stage, name: str, number: signal.Signals, call: int) -> list[str]:
    """Interrupt outside of the steps, while a read is held: at once, though nobody lets the call go."""
    scene = stage.scene(name)
    with holding(stage.sandbox.proxy, call) as hold:
        running = scene.start()
        hold.wait(running)
        running.kill(number)
        ended = running.end()
    wrong = list(_ill(ended, CODES[number]))
    if hold.taken:
        wrong += _lacking(ended, _waiting(scene))
    return [*wrong, *scene.converges(hold.taken)]


def at_writes(stage: Stage, name: str, number: signal.Signals) -> dict[str, list[str]]:
    """Interrupt at every line that is written, before it is and before it is on the disk."""
    told = {}
    for at, what in points.writes(stage, name):
        if not what.startswith(("write", "fsync", "ftruncate")):
            continue
        scene = stage.scene(name)
        with holding(stage.sandbox.proxy) as hold:
            ended = scene.run(disk={"at": at, "fate": number.name})
        told[f"{at} {what}"] = [*_ill(ended, CODES[number]), *scene.converges(hold.taken)]
    return {where: wrong for where, wrong in told.items() if wrong}


def _ill(ended: Ended, code: ExitCode) -> Iterator[str]:
    if ended.code != code or not ended.is_sound:
        yield f"first: {ended}"


def _unsaid(ended: Ended, scene: Scene, count: int, interruption: Interruption) -> list[str]:
    of = len(scene.stage.undisturbed(scene.name).taken)
    again = shlex.join(["hpctl", *scene.words])
    if interruption.times > 1:
        wanted = ["error: left at once; `", "` may have reached AWS or not\n", f"to find out and go on: {again}\n"]
        wanted += [CANCEL] if scene.story.verb == "create" else []
        return _lacking(ended, wanted)
    if count == of:
        return _lacking(ended, _waiting(scene))
    return _lacking(ended, [f"error: stopped after {count} of {of} steps; AWS goes on", f"to do the rest: {again}\n"])


def _waiting(scene: Scene) -> list[str]:
    again = shlex.join(["hpctl", *scene.words])
    wanted = ["error: stopped waiting; AWS goes on working\n", f"to go on waiting: {again}\n"]
    return [*wanted, CANCEL] if scene.story.verb == "create" else wanted


def _lacking(ended: Ended, wanted: list[str]) -> list[str]:
    lacks = [words for words in wanted if words not in ended.err]
    return [f"does not say {lacks}: {ended.err}"] if lacks else []
