"""Least-privilege policies: of whoever creates clusters, of whoever only looks, and of the nodes of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hpctl.catalog.iam_policies import document
from hpctl.checks.permissions import execution_roles
from hpctl.checks.scripts import folders
from hpctl.checks.walk import all_groups
from hpctl.errors import UsageError
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group, InstanceGroup

_ANY: Final = "*"
_OWN_BUCKETS: Final = "sagemaker-*"
"""Where lifecycle scripts are unless a spec says otherwise: what AWS's managed policy lets nodes read."""

_EVERYTHING: Final = frozenset({"custom-ami", "eks", "fsx", "plan", "vpc"})
"""What a cluster of which nothing is known may have."""


class Policy(StrEnum):
    """Whose policy it is."""

    CALLER = "caller"
    EXECUTION_ROLE = "execution-role"
    DOCTOR = "doctor"
    DOCTOR_FIX = "doctor-fix"


@dataclass(frozen=True)
class Place:
    """The account and the Region that a policy is for."""

    partition: str
    account: str
    region: str


def policy(wanted: Policy, spec: ClusterSpec | None, place: Place, *, group: str | None = None) -> dict[str, Any]:
    """Return a policy document, scoped by a spec where there is one; `group` is the instance group that nodes are of.

    Raises `UsageError` for a group that the spec has not, or without a spec.
    """
    groups = _groups(spec, group)
    if spec is None:
        return document(wanted, _unknown(place), _EVERYTHING)
    return document(wanted, _values(spec, groups, place), frozenset(_features(spec, groups)))


def place_of(spec: ClusterSpec | None, world: World, region: str | None) -> Place:
    """Return where a policy is for: as the spec says it, and as the credentials say what it leaves open.

    A spec that names its Region asks nobody: the ARN of an execution role has the account and the partition.
    Raises what asking for the caller's identity raises.
    """
    arn = next((use.arn for use in execution_roles(spec)), None) if spec else None
    where = (spec.region if spec else None) or region
    if arn and where:
        _, partition, _, _, account, _ = arn.split(":", 5)
        return Place(partition, account, where)
    identity = world.identity()
    return Place(identity.arn.split(":")[1], identity.account, where or identity.region)


def _groups(spec: ClusterSpec | None, name: str | None) -> tuple[Group, ...]:
    found = tuple(group for _path, group in all_groups(spec)) if spec else ()
    if name is None:
        return found
    if spec is None:
        raise UsageError("`--group` names a group of a spec, and none is given", hint="add `--file FILE`")
    if chosen := tuple(group for group in found if group.name == name):
        return chosen
    names = ", ".join(f"`{group.name}`" for group in found)
    raise UsageError(f"the spec has no instance group `{name}`", hint=f"there are {names}")


def _features(spec: ClusterSpec, groups: Iterable[Group]) -> Iterator[str]:
    if spec.orchestrator and spec.orchestrator.eks:
        yield "eks"
    for group in groups:
        if spec.effective_network(group):
            yield "vpc"
        if group.training_plan_arn:
            yield "plan"
        if isinstance(group, InstanceGroup) and (group.image_id or "").startswith("ami-"):
            yield "custom-ami"
        yield from _features_of_storage(group)


def _features_of_storage(group: Group) -> Iterator[str]:
    for storage in group.storage:
        if storage.fsx_lustre or storage.fsx_open_zfs:
            yield "fsx"
        if storage.ebs and storage.ebs.volume_kms_key_id:
            yield "volume-key"


def _values(spec: ClusterSpec, groups: tuple[Group, ...], place: Place) -> dict[str, list[str]]:
    eks = spec.orchestrator.eks if spec.orchestrator else None
    arn = eks.arn(account=place.account, region=place.region) if eks else None
    sources = [folder for _path, group, folder in folders(spec) if group in groups]
    roles = [use.arn for use in execution_roles(spec)]
    return _at(place) | {
        "clusters": [spec.name],
        "eks_clusters": [arn] if arn else [],
        "eks_names": [eks.cluster_name] if eks else [],
        "roles": list(dict.fromkeys([*roles, *filter(None, [spec.cluster_role])])),
        "buckets": list(dict.fromkeys(folder.bucket for folder in sources)),
        "folders": list(dict.fromkeys(f"{folder.bucket}/{folder.prefix}" for folder in sources)),
        "volume_keys": list(dict.fromkeys(_keys(groups, place))),
    }


def _keys(groups: Iterable[Group], place: Place) -> Iterator[str]:
    for storage in (one for group in groups for one in group.storage):
        if key := storage.ebs.volume_kms_key_id if storage.ebs else None:
            # An alias may be given another key any day, and policies know keys by their ids alone.
            name = _ANY if "alias/" in key else key.rpartition("/")[2]
            is_arn = key.startswith("arn:") and ":key/" in key
            yield key if is_arn else f"arn:{place.partition}:kms:{place.region}:{place.account}:key/{name}"


def _unknown(place: Place) -> dict[str, list[str]]:
    return _at(place) | {
        "clusters": [_ANY],
        "eks_clusters": [f"arn:{place.partition}:eks:{place.region}:{place.account}:cluster/{_ANY}"],
        "eks_names": [_ANY],
        "roles": [f"arn:{place.partition}:iam::{place.account}:role/{_ANY}"],
        "buckets": [_OWN_BUCKETS],
        "folders": [f"{_OWN_BUCKETS}/"],
        "volume_keys": [],
    }


def _at(place: Place) -> dict[str, list[str]]:
    return {"partition": [place.partition], "account": [place.account], "region": [place.region]}
