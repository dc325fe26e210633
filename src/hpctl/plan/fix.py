"""Decide which of the things that checks found hpctl mends by itself, and say why it leaves the others alone.

What it does only adds, and can be seen and undone by whoever owns it. What a stack of CloudFormation owns is left:
the stack's next update would take the change back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hpctl.catalog.left_alone import why_left_alone
from hpctl.errors import HpctlError
from hpctl.facts.change_ports import Owned
from hpctl.facts.world import World
from hpctl.report.action import Action, Fix, Upload, Verb, storing
from hpctl.report.check import CheckReport, Finding
from hpctl.report.plan import LeftAlone, PlanReport

_OWNED: Final[Mapping[Verb, tuple[Owned, str]]] = {
    "authorize-security-group-egress": (Owned.EC2, "GroupId"),
    "authorize-security-group-ingress": (Owned.EC2, "GroupId"),
    "modify-vpc-attribute": (Owned.EC2, "VpcId"),
    "modify-vpc-endpoint": (Owned.EC2, "VpcEndpointId"),
    "put-role-policy": (Owned.ROLE, "RoleName"),
    "update-cluster-config": (Owned.EKS, "name"),
}
"""What a change touches, by the member of its request that names it; an access entry is a resource of its own."""


@dataclass(frozen=True)
class Bedside:
    """What is mended around: a cluster, or the wish for one, and the local folder of its lifecycle scripts."""

    cluster: str
    orchestrator: str
    folder: str = "lifecycle"
    scripts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Refused:
    """Why a fix is not made."""

    why: str


def plan_fix(bedside: Bedside, checks: CheckReport, world: World, *, run_id: str) -> PlanReport:
    """Return the plan that mends what may be mended, each thing once, and names what is left alone."""
    actions: list[Action] = []
    left: dict[tuple[str, str], list[str]] = {}
    for check_id, finding in _complaints(checks):
        decided = _decide(finding, bedside, world) if finding.fix else _Refused(why_left_alone(check_id))
        if isinstance(decided, _Refused):
            subjects = left.setdefault((check_id, decided.why), [])
            subjects.extend(one for one in (finding.subject,) if one not in subjects)
        else:
            actions.extend(action for action in decided if action not in actions)
    return PlanReport(
        identity=world.identity(),
        cluster=bedside.cluster,
        orchestrator=bedside.orchestrator,
        state="around",
        run_id=run_id,
        actions=tuple(actions),
        left_alone=tuple(
            LeftAlone(check=check_id, subjects=tuple(subjects), why=why) for (check_id, why), subjects in left.items()
        ),
        checks=checks,
    )


def _complaints(checks: CheckReport) -> Iterator[tuple[str, Finding]]:
    for result in checks.results:
        for finding in result.findings:
            if finding.level != "note":
                yield result.id, finding


def _decide(finding: Finding, bedside: Bedside, world: World) -> tuple[Action, ...] | _Refused:
    """Return all that mends a finding, or why none of it is done: half a remedy is none."""
    actions: list[Action] = []
    for fix in finding.fix:
        made = _made(fix, bedside, world)
        if isinstance(made, _Refused):
            return made
        actions.extend(made)
    return tuple(actions)


def _made(fix: Fix, bedside: Bedside, world: World) -> tuple[Action, ...] | _Refused:
    try:
        match fix:
            case Upload():
                return _uploads(fix, bedside, world)
            case Action():
                why = _owner(fix, world) or _namesake(fix, world)
                return _Refused(why) if why else (fix,)
    except HpctlError as error:
        return _Refused(f"whether it may be changed cannot be seen: {error.message}")


def _uploads(fix: Upload, bedside: Bedside, world: World) -> tuple[Action, ...] | _Refused:
    lacking = [name for name in fix.runs if name not in bedside.scripts]
    if lacking or not bedside.scripts:
        what = f"no `{lacking[0]}`" if lacking else "nothing to store"
        return _Refused(f"there is {what} in `{bedside.folder}`; name the folder of your scripts: --lifecycle DIR")
    there = {row.key for row in world.objects(fix.bucket, fix.prefix) or ()}
    return tuple(_stores(fix, bedside.scripts, there))


def _stores(fix: Upload, scripts: Mapping[str, bytes], there: Iterable[str]) -> Iterator[Action]:
    for name, content in sorted(scripts.items(), key=lambda one: one[0] in fix.runs):
        key = f"{fix.prefix}{name}"
        if key not in there:
            does = f"store `{name}` as `s3://{fix.bucket}/{key}`, where there is nothing"
            yield storing(fix.bucket, key, content, does=does, IfNoneMatch="*")


def _owner(action: Action, world: World) -> str | None:
    owned = _OWNED.get(action.verb)
    if owned is None:
        return None
    kind, member = owned
    stack = world.stack_of(kind, action.request[member])
    return stack and f"CloudFormation stack `{stack}` owns it: change its template, or its next update undoes this"


def _namesake(action: Action, world: World) -> str | None:
    if action.verb != "put-role-policy":
        return None
    role, policy = action.request["RoleName"], action.request["PolicyName"]
    if not world.has_role_policy(role, policy):
        return None
    return f"role `{role}` has an inline policy `{policy}` that says something else: look at it first"
