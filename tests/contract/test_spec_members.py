"""The models' declarations against botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import botocore.session
import pytest

from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.limits import Limits
from hpctl.spec.members import UpdatePolicy, members
from hpctl.spec.model import SpecModel
from hpctl.spec.notation import ListOf, Structure, kinds

if TYPE_CHECKING:
    from botocore.model import Shape

HPCTL_ONLY = {"api_version", "kind", "region", "account", "multi_az", "protection", "cluster"}
RESHAPED = {"capacity"}
"""hpctl's own words for a structure of markers; their tests are those of the emitted request."""
UNLIMITED = {"boolean", "timestamp"}


@cache
def service_model() -> Any:
    return botocore.session.Session().get_service_model("sagemaker")


def models(model: type[SpecModel] = ClusterSpec) -> Iterator[type[SpecModel]]:
    yield model
    for kind in kinds(model).values():
        held = kind.item if isinstance(kind, ListOf) else kind
        if isinstance(held, Structure):
            yield from models(held.model)


ALL_MODELS = sorted(set(models()), key=lambda model: model.__name__)
FIELDS = [
    pytest.param(model, name, id=f"{model.__name__}.{name}")
    for model in ALL_MODELS
    for name in model.model_fields
    if name not in HPCTL_ONLY | RESHAPED
]


def limits_in(annotation: object) -> list[str]:
    """Every Limits in an annotation, the outermost first."""
    found = [one.shape for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Limits)]
    return found + [name for part in get_args(annotation) for name in limits_in(part)]


def limits_of(model: type[SpecModel], name: str) -> list[str]:
    info = model.model_fields[name]
    outer = [one.shape for one in info.metadata if isinstance(one, Limits)]
    return outer + limits_in(info.annotation)


def limited_shapes(shape: Shape) -> list[str]:
    """The shapes that a field of this shape must be held to: its own and its entries', not its members'."""
    inner: list[str] = []
    match shape.type_name:
        case "structure":
            return []
        case "list" if shape.name == "TagList":
            inner = ["TagKey", "TagValue"]
        case "list":
            inner = limited_shapes(shape.member)  # type: ignore[attr-defined]
        case "map":
            inner = limited_shapes(shape.key) + limited_shapes(shape.value)  # type: ignore[attr-defined]
        case kind if kind in UNLIMITED:
            return []
    return [shape.name, *inner]


@pytest.mark.parametrize("model", ALL_MODELS)
def test_every_member_of_a_structure_has_one_field(model: type[SpecModel]) -> None:
    expected = set(service_model().shape_for(model.aws_shape).members)
    declared = [member.aws for member in members(model).values() if member.aws]
    assert sorted(declared) == sorted(expected)


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_every_field_is_held_to_the_limits_of_its_own_shape(model: type[SpecModel], name: str) -> None:
    member = members(model)[name]
    assert member.aws is not None
    shape = service_model().shape_for(model.aws_shape).members[member.aws]
    assert limits_of(model, name) == limited_shapes(shape)


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_a_field_is_required_as_its_member_is(model: type[SpecModel], name: str) -> None:
    member = members(model)[name]
    required = set(service_model().shape_for(model.aws_shape).required_members)
    wanted = member.aws in required and name not in model.exactly_one
    assert model.model_fields[name].is_required() is wanted


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_a_nested_structure_is_the_one_that_aws_nests(model: type[SpecModel], name: str) -> None:
    kind = kinds(model)[name]
    shape = service_model().shape_for(model.aws_shape).members[members(model)[name].aws]
    if isinstance(kind, ListOf) and isinstance(kind.item, Structure):
        assert kind.item.model.aws_shape == shape.member.name
    elif isinstance(kind, Structure):
        assert kind.model.aws_shape == shape.name
    else:
        assert shape.type_name != "structure"


@pytest.mark.parametrize("model", ALL_MODELS)
def test_every_field_has_a_line_of_description_and_a_policy(model: type[SpecModel]) -> None:
    for member in members(model).values():
        assert member.description[0].isupper() or member.description[0] in "`2"
        assert not member.description.endswith(".")
        assert isinstance(member.update, UpdatePolicy)


def test_what_updatecluster_does_not_take_is_never_changed_in_place() -> None:
    create = set(service_model().shape_for("CreateClusterRequest").members)
    update = set(service_model().shape_for("UpdateClusterRequest").members)
    beyond = create - update - {"Tags"}  # tags change through AddTags and DeleteTags
    policies = {member.aws: member.update for member in members(ClusterSpec).values()}
    assert beyond == {"VpcConfig"}
    assert policies["VpcConfig"] is UpdatePolicy.NEVER
