"""CreateCluster requests as plain data: out of a spec, and back into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from hpctl.catalog.limits import shape
from hpctl.errors import SpecError
from hpctl.spec.arrange import Arrangement
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.frozen_map import FrozenMap
from hpctl.spec.members import members
from hpctl.spec.model import SpecModel
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.notation import Notation, Structure
from hpctl.spec.orchestrator import EksOrchestrator
from hpctl.spec.positions import Place, joined
from hpctl.spec.problems import problems_of
from hpctl.spec.reshape import MARKERS, reshaped

Request = dict[str, object]


def to_create_cluster(spec: ClusterSpec, *, account: str | None, region: str | None) -> Request:
    """Make the CreateCluster request, members in the service model's order, none invented.

    `account` and `region` (else the spec's own) turn an EKS cluster's name into its ARN; raises
    SpecError when the spec has only the name and one of the two is unknown. What is empty in the spec
    is left out: an empty list or mapping says to AWS what its absence says.
    """
    request = _structure(spec)
    eks = spec.orchestrator.eks if spec.orchestrator else None
    if eks is not None:
        arn = _arn(eks, account or spec.account, region or spec.region)
        request["Orchestrator"] = {"Eks": {"ClusterArn": arn}}
    return request


def from_create_cluster(request: Mapping[str, object]) -> ClusterSpec:
    """Read a CreateCluster request that is plain data; raises SpecError with every problem."""
    arrangement = Arrangement("CreateCluster request", Notation.CREATE_CLUSTER, ClusterSpec)
    tree = reshaped(_node(request, ""), arrangement)
    data = arrangement.arrange(tree, Structure(ClusterSpec))
    try:
        spec = ClusterSpec.model_validate(data)
    except ValidationError as error:
        arrangement.problems.extend(problems_of(error, arrangement))
    if arrangement.problems:
        message = "this is not a valid CreateCluster request"
        raise SpecError(message, tuple(arrangement.problems))
    return spec


def _arn(eks: EksOrchestrator, account: str | None, region: str | None) -> str:
    arn = eks.arn(account=account, region=region)
    if arn is None:
        message = f"the ARN of the EKS cluster `{eks.cluster}` needs the account and the Region"
        raise SpecError(message, hint="set `account` and `region` in the spec, or give `eks.cluster_arn`")
    return arn


def _structure(model: SpecModel) -> Request:
    fields = {member.aws: name for name, member in members(type(model)).items() if member.aws}
    in_order = (name for name in shape(model.aws_shape).members if name in fields)
    values = ((name, getattr(model, fields[name])) for name in in_order)
    return {name: _emitted(name, value) for name, value in values if value is not None and not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return isinstance(value, tuple | FrozenMap) and not value


def _emitted(name: str, value: object) -> object:  # noqa: PLR0911 - one a variant
    match value:
        case SpecModel():
            return _structure(value)
        case FrozenMap() if name == "Tags":
            return [{"Key": key, "Value": text} for key, text in value.items()]
        case FrozenMap():
            return dict(value)
        case tuple():
            return [_emitted("", item) for item in value]
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case StrEnum() if name == "CapacityRequirements":
            return {marker: {} for marker, word in MARKERS.items() if word is value}
        case StrEnum():
            return value.value
        case _:
            return value


def _node(value: object, path: str) -> Node:
    """Dress plain data as a tree that came from nowhere."""
    place = Place(0, 0, path)
    match value:
        case Mapping():
            return MappingNode(place, tuple(_entry(str(key), item, path) for key, item in value.items()))
        case str():
            return ScalarNode(place, value, plain=False)
        case Sequence():
            return SequenceNode(place, tuple(_node(item, joined(path, index)) for index, item in enumerate(value)))
        case datetime():
            return ScalarNode(place, value.isoformat(), plain=False)
        case bool() | None:
            return ScalarNode(place, {True: "true", False: "false", None: "null"}[value], plain=True)
        case _:
            return ScalarNode(place, str(value), plain=True)


def _entry(key: str, value: object, path: str) -> Entry:
    below = joined(path, key)
    return Entry(key, Place(0, 0, below), _node(value, below))
