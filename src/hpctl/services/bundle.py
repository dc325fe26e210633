"""What doctor saw, in one file: to be judged again by somebody who cannot ask this account.

A bundle holds what was judged, every answer that AWS, Kubernetes and this machine gave, the findings, and the versions
that found them; `services.redaction` says what it does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from hpctl import __version__
from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check, Path, Target
from hpctl.errors import HpctlError, UnavailableError, UsageError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.notation import decode, encode
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.doctor import JUDGES
from hpctl.services.job.examine import checks_about
from hpctl.services.patient import Patient
from hpctl.services.redaction import redaction
from hpctl.services.slurm_job.examine import checks_about as checks_about_slurm

_KIND: Final = "DoctorBundle"
_SCHEMA_VERSION: Final = "hpctl/v1"


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read: who was examined, what the world answered, and what was found then."""

    patient: Patient
    world: World
    report: CheckReport
    hpctl: str


def written(patient: Patient, world: World, report: CheckReport) -> str:
    """Return the bundle as JSON, redacted."""
    whole = {
        "schema_version": _SCHEMA_VERSION,
        "kind": _KIND,
        "hpctl": __version__,
        "targets": [encode(target) for target in patient.targets],
        "places": [[encode(path), place] for path, place in _places(report).items()],
        "facts": sorted(([encode(asked), encode(told)] for asked, told in world.answers.items()), key=json.dumps),
        "report": report.model_dump(mode="json"),
    }
    return json.dumps(redaction(whole).of(whole), indent=1, ensure_ascii=False) + "\n"


def read(text: str) -> Bundle:
    """Return the bundle of a text; `UsageError` when it is none."""
    whole = _whole(text)
    try:
        return _bundle(whole)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the bundle cannot be read: {error}", hint=_HINT) from error


def again(answers: Mapping[Hashable, object]) -> World:
    """Return a world that knows these answers, and to any other question has none."""
    nobody = _Nobody(UnavailableError("the bundle has no answer to this", hint="take another one with this hpctl"))
    return World(cast("Ports", nobody), answers)


def _bundle(whole: Mapping[str, Any]) -> Bundle:
    """Return the bundle; `UsageError`, `TypeError` or `ValueError` where it is not what `written` writes."""
    places = {decode(path): place for path, place in whole["places"]}
    answers = {decode(asked): decode(told) for asked, told in whole["facts"]}
    targets = tuple(decode(target) for target in whole["targets"])
    if stranger := next((one for one in targets if type(one) not in JUDGES), None):
        message = f"nobody judges {stranger!r}"
        raise ValueError(message)
    report = CheckReport.model_validate(whole["report"])
    return Bundle(Patient(targets, places.get, _checks(targets)), again(answers), report, whole["hpctl"])


def _checks(targets: tuple[Target, ...]) -> tuple[Check, ...]:
    """Return the checks that examined these targets."""
    for one in targets:
        if isinstance(one, JobInCluster):
            return checks_about(one)
        if isinstance(one, JobOnSlurm):
            return checks_about_slurm(one)
    return CHECKS


def _places(report: CheckReport) -> dict[Path, str]:
    found = (finding for result in report.results for finding in result.findings)
    return {finding.path: finding.location for finding in found if finding.location}


def _whole(text: str) -> dict[str, Any]:
    try:
        whole = json.loads(text)
    except ValueError as error:
        raise UsageError("this is no bundle of doctor: it is no JSON", hint=_HINT) from error
    if not isinstance(whole, dict) or whole.get("kind") != _KIND:
        raise UsageError("this is no bundle of doctor", hint=_HINT)
    if missing := {"targets", "places", "facts", "report", "hpctl"} - whole.keys():
        raise UsageError(f"the bundle is not whole: it has no `{min(missing)}`", hint=_HINT)
    return whole


_HINT: Final = "write one: hpctl doctor --bundle FILE"


class _Nobody:
    """Stands where ports would: whatever is asked of it, there is no answer."""

    def __init__(self, error: HpctlError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> _Nobody:
        return self

    def __call__(self, *_asked: object, **_named: object) -> object:
        raise self._error
