"""Decide how a wished cluster comes to be, given what exists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import ConflictError
from hpctl.facts.records import Cluster, Identity
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.report.plan import Action, PlannedGroup, PlanReport
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import to_create_cluster
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import ClusterStatus

RUN_ID_TAG = "hpctl:run-id"
"""Marks which run made a cluster: CreateCluster has no client token, a lost response is recognised by this."""

DIGEST_TAG = "hpctl:spec-digest"
"""Marks what a cluster was asked to be, so that the same create again is no conflict."""


def plan_create(
    spec: ClusterSpec, world: World, *, run_id: str, checks: CheckReport, notices: tuple[str, ...] = ()
) -> PlanReport:
    """Return the plan that makes `spec` real; `run_id` marks what it creates."""
    identity = world.identity()
    wish = to_create_cluster(spec, account=identity.account, region=identity.region)
    digest = digest_of(wish)
    live = world.cluster(spec.name)
    state = _state(live, world, digest)
    request = tagged(wish, {RUN_ID_TAG: run_id, DIGEST_TAG: digest})
    create = Action(verb="create", subject=f"cluster/{spec.name}", request=request)
    return PlanReport(
        identity=identity,
        cluster=spec.name,
        arn=live.arn if live else None,
        orchestrator=spec.kind_of_orchestrator,
        state=state,
        actions=(create,) if state == "absent" else (),
        groups=tuple(_planned(spec, group) for group in spec.all_groups),
        notices=notices,
        checks=checks,
    )


def guard(spec: ClusterSpec, identity: Identity) -> None:
    """Refuse (`ConflictError`) when the spec names another account or Region than the caller's."""
    for word, wanted, seen in (
        ("account", spec.account, identity.account),
        ("Region", spec.region, identity.region),
    ):
        if wanted is not None and wanted != seen:
            raise ConflictError(
                f"the spec is for {word} `{wanted}`, the credentials are for `{seen}`",
                hint=f"use other credentials (`--profile`, `--region`), or change the {word.lower()} in the spec",
            )


def digest_of(request: Mapping[str, Any]) -> str:
    """Return 16 hex digits that are equal for equal requests, whatever the order of their members and tags."""
    tags = sorted(request.get("Tags", ()), key=lambda tag: str(tag["Key"]))
    return hashlib.sha256(json.dumps({**request, "Tags": tags}, sort_keys=True).encode()).hexdigest()[:16]


def tagged(request: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Return `request` with `tags` after those it has, and in place of any of the same key."""
    kept = [tag for tag in request.get("Tags", ()) if tag["Key"] not in tags]
    added = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {**request, "Tags": [*kept, *added]}


def _state(live: Cluster | None, world: World, digest: str) -> Literal["absent", "same", "other"]:
    if live is None:
        return "absent"
    if _settling(live) and world.cluster_tags(live.arn).get(DIGEST_TAG) == digest:
        return "same"
    return "other"


def _settling(live: Cluster) -> bool:
    return live.status not in (ClusterStatus.FAILED, ClusterStatus.DELETING, ClusterStatus.ROLLING_BACK)


def _planned(spec: ClusterSpec, group: Group) -> PlannedGroup:
    network = spec.effective_network(group)
    known = instance_type(group.types[0])
    addresses = known.addresses(spec.kind_of_orchestrator)
    return PlannedGroup(
        name=group.name,
        instance_type=" | ".join(group.types),
        count=group.count,
        role=_role(group),
        accelerators=_accelerators(known, group.count),
        vcpus=_vcpus(known, group) * group.count,
        memory_gib=known.memory_gib * group.count,
        efa_interfaces=None if known.efa_interfaces is None else known.efa_interfaces * group.count,
        addresses=None if addresses is None else addresses * group.count,
        subnet_ids=network.subnet_ids if network else (),
    )


def _vcpus(known: InstanceType, group: Group) -> int:
    """The catalog counts all threads of a core; a group without `threads_per_core` gets one of them."""
    threads = max(known.threads_per_core or (1,))
    return known.vcpus * min(group.threads_per_core or 1, threads) // threads


def _role(group: Group) -> str | None:
    return str(group.slurm.node_type) if isinstance(group, InstanceGroup) and group.slurm else None


def _accelerators(known: InstanceType, count: int) -> str | None:
    if not known.accelerator_count:
        return None
    return f"{known.accelerator_count * count} x {known.accelerator_name}"
