"""`hpctl init` beside its questions: the account, the checks of all answers, the file, and what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Final

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.engine import Reach, run_checks
from hpctl.errors import ChecksFailedError, HpctlError
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.report.written import WrittenReport
from hpctl.services.wizard.cluster_choices import Sight
from hpctl.services.wizard.cluster_spec import spec_of
from hpctl.services.wizard.command import equivalent
from hpctl.services.wizard.question import KEPT, Answers, Form, first
from hpctl.spec.hpctl_yaml import to_yaml
from hpctl.terms import Outcome

_ANY_REGION: Final = "us-east-1"
"""Where the Regions of an account are asked for when none is chosen: it cannot be switched off."""


class Sights:
    """The account in each Region that is asked about, looked at once."""

    def __init__(self, world_in: Callable[[str | None], World], usual_region: Callable[[], str]) -> None:
        """Look through `world_in`; `usual_region` raises `UsageError` where nothing names a Region."""
        self._world_in, self._usual_region = world_in, usual_region
        self._seen: dict[str | None, Sight] = {}

    def after(self, answers: Answers) -> Sight:
        """Return the account in the Region of the answers, else in the usual one."""
        name = first(answers, "region")
        if name not in self._seen:
            self._seen[name] = self._look(name)
        return self._seen[name]

    def _look(self, name: str | None) -> Sight:
        """Ask who is calling: where that has no answer nothing has, and each question would wait for it anew."""
        region = name
        try:
            region = name or self._usual_region()
            world = self._world_in(region)
            world.identity()
        except HpctlError as error:
            return Sight(World(error), region, error, None if region else self._elsewhere())
        return Sight(world, region)

    def _elsewhere(self) -> World:
        try:
            return self._world_in(_ANY_REGION)
        except HpctlError as error:
            return World(error)


def judge(answers: Answers, sight: Sight) -> CheckReport:
    """Return what every check of a spec says of the answers, but those that somebody leaves out."""
    spec = spec_of(answers)
    reach = Reach.BLIND if sight.blind else Reach.AWS
    return run_checks(CHECKS, (spec,), sight.world, skip=answers.get(KEPT, ()), reach=reach)


def demand_good(report: CheckReport) -> None:
    """Raise `ChecksFailedError` with the ids of the checks that fail: nothing is written then."""
    failed = _ended(report, Outcome.FAIL)
    if failed:
        ids = ", ".join(f"`{one}`" for one in failed)
        hint = f"answer otherwise, or write it all the same: {' '.join(f'--skip {one}' for one in failed)}"
        raise ChecksFailedError(f"nothing was written, for these checks fail: {ids}", hint=hint)


def text_of(answers: Answers) -> str:
    """Return the spec as a file."""
    return to_yaml(spec_of(answers))


def written(form: Form[Sight], answers: Answers, report: CheckReport, more: Mapping[str, str | None]) -> WrittenReport:
    """Return what there is to tell once the file is written; `more` are the flags beside the answers."""
    file = first(answers, "file") or ""
    named = shlex.join(word for flag, value in more.items() if value for word in (flag, value))
    beside = f" {named}" if named else ""
    skipped = "".join(f" --skip {one}" for one in answers.get(KEPT, ()))
    return WrittenReport(
        file=file,
        command=equivalent(form, answers, more),
        next_steps=(
            f"hpctl doctor -f {shlex.quote(file)}{beside}",
            f"hpctl cluster create -f {shlex.quote(file)}{skipped}{beside}",
        ),
        failed=(*_ended(report, Outcome.FAIL), *answers.get(KEPT, ())),
        unverified=_unverified(report, answers),
    )


def _unverified(report: CheckReport, answers: Answers) -> tuple[str, ...]:
    """The checks that could not look, or were not let: those that are left out on purpose are told as such."""
    blind = (*_ended(report, Outcome.UNKNOWN), *_ended(report, Outcome.SKIP))
    return tuple(one for one in blind if one not in answers.get(KEPT, ()))


def _ended(report: CheckReport, outcome: Outcome) -> tuple[str, ...]:
    return tuple(result.id for result in report.results if result.outcome is outcome)
