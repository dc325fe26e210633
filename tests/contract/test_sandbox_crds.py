"""The sandbox's CRDs beside those that clusters have: what theirs has and takes, ours has and takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hpctl.sandbox.kube.crds.definitions import mpijobs, of_chart, pytorchjobs, usual
from hpctl.sandbox.kube.crds.hyperpod import hyperpodpytorchjobs
from hpctl.sandbox.kube.crds.jobset import jobsets
from hpctl.sandbox.kube.crds.kueue import kueue
from hpctl.sandbox.kube.schemas.crds import crd_faults
from tests.conftest import REPOSITORY, present

SCHEMAS = REPOSITORY.parent / "shared" / "schemas" / "crds"
TEMPLATE = ".template.spec"
# Fields of a dynamic resource allocation that was never released, which ours does not have.
NARROWER = {
    f"{TEMPLATE}.resourceClaims[].source",
    f"{TEMPLATE}.resourceClaims[].source.resourceClaimName",
    f"{TEMPLATE}.resourceClaims[].source.resourceClaimTemplateName",
    f"{TEMPLATE}.volumes[].ephemeral.volumeClaimTemplate.spec.resources.claims",
    f"{TEMPLATE}.volumes[].ephemeral.volumeClaimTemplate.spec.resources.claims[]",
    f"{TEMPLATE}.volumes[].ephemeral.volumeClaimTemplate.spec.resources.claims[].name",
}
PODS = ".template.spec.template.spec."
JUDGED = (
    *("type", "format", "enum", "default", "pattern", "x-kubernetes-int-or-string"),
    *("minimum", "minLength", "maxLength", "maxItems"),
)


@cache
def theirs(name: str) -> Any:
    path = present(SCHEMAS / name, "the published schemas", "put `shared/schemas` beside the project")
    return YAML(typ="safe").load(Path(path))


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all fields of a schema by their path."""
    for name, value in (schema.get("properties") or {}).items():
        yield f"{path}.{name}", value
        yield from fields(value, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), dict):
            yield f"{path}{mark}", schema[key]
            yield from fields(schema[key], f"{path}{mark}")


def schema_of(crd: dict[str, Any]) -> dict[str, Any]:
    (version,) = crd["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def without_replicas(path: str) -> str:
    for kind in ("pytorchReplicaSpecs", "mpiReplicaSpecs"):
        path = path.removeprefix(f".spec.{kind}{{}}")
    return path


PAIRS = [
    ("kubeflow.org_pytorchjobs.yaml", pytorchjobs),
    ("kubeflow.org_mpijobs.yaml", mpijobs),
    ("jobset.x-k8s.io_jobsets.yaml", jobsets),
]


@pytest.mark.parametrize(("name", "ours"), PAIRS)
def test_a_training_job_has_the_fields_that_it_has_on_a_hyperpod_cluster(name: str, ours: Any) -> None:
    told, known = dict(fields(schema_of(theirs(name)))), dict(fields(schema_of(ours())))
    missing = {without_replicas(path) for path in told.keys() - known.keys()} - NARROWER
    wider = {without_replicas(path) for path in known.keys() - told.keys()}
    if name == "kubeflow.org_mpijobs.yaml":
        # Its pod template is a later one; no MPIJob is ever created here.
        missing, wider = ({path for path in paths if not path.startswith(".template.")} for paths in (missing, wider))
    assert (missing, wider) == (set(), set())


@pytest.mark.parametrize(("name", "ours"), PAIRS)
def test_each_field_takes_what_theirs_takes(name: str, ours: Any) -> None:
    told, known = dict(fields(schema_of(theirs(name)))), dict(fields(schema_of(ours())))
    differing = {
        path: [
            (key, told[path].get(key), known[path].get(key))
            for key in JUDGED
            if told[path].get(key) != known[path].get(key)
        ]
        for path in told.keys() & known.keys()
    }
    if name == "jobset.x-k8s.io_jobsets.yaml":
        # Defaults of its pods are those that the API gives the pods themselves.
        rows = (
            (path, [row for row in rows if row[0] != "default"]) for path, rows in differing.items() if PODS in path
        )
        differing |= dict(rows)
    assert {path: rows for path, rows in differing.items() if rows} == {}


@pytest.mark.parametrize(("name", "ours"), PAIRS)
def test_nothing_is_required_that_theirs_does_not_require(name: str, ours: Any) -> None:
    told, known = dict(fields(schema_of(theirs(name)))), dict(fields(schema_of(ours())))
    more = {
        path: set(known[path].get("required") or ()) - set(told[path].get("required") or ())
        for path in told.keys() & known.keys()
    }
    less = {
        path: set(told[path].get("required") or ()) - set(known[path].get("required") or ())
        for path in told.keys() & known.keys()
    }
    assert {path: names for path, names in more.items() if names} == {}
    assert {path: names for path, names in less.items() if names} == {}


@pytest.mark.parametrize(("name", "ours"), PAIRS)
def test_names_versions_columns_and_subresources_are_theirs(name: str, ours: Any) -> None:
    told, known = theirs(name)["spec"], ours()["spec"]
    assert (known["group"], known["scope"], known["names"]) == (told["group"], told["scope"], told["names"])
    (one,), (other,) = known["versions"], told["versions"]
    for member in ("name", "served", "storage", "subresources", "additionalPrinterColumns"):
        assert one.get(member) == other.get(member), member


# Lists that today's definitions of pods describe in more detail; it decides how patches merge, not what is taken.
_MERGED = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys")


@pytest.mark.parametrize("ours", kueue(), ids=lambda each: each["spec"]["names"]["plural"])
def test_the_versions_of_kueues_kinds_are_theirs_field_by_field(ours: dict[str, Any]) -> None:
    published = theirs(f"kueue.x-k8s.io_{ours['spec']['names']['plural']}.yaml")["spec"]
    for member in ("group", "scope", "names"):
        assert ours["spec"][member] == published[member], member
    for one, other in zip(ours["spec"]["versions"], published["versions"], strict=True):
        assert {name: each for name, each in one.items() if name != "schema"} == {
            name: each for name, each in other.items() if name != "schema"
        }
        told, known = (dict(fields(each["schema"]["openAPIV3Schema"])) for each in (other, one))
        assert told.keys() == known.keys()
        assert len(told) > 2
        for path, field in told.items():
            judged = [key for key in (*JUDGED, "minItems") if not (key == "default" and ".template.spec." in path)]
            judged += () if ".template." in path or path.endswith("coveredResources") else _MERGED
            differing = {key: (field.get(key), known[path].get(key)) for key in judged}
            assert {key: pair for key, pair in differing.items() if pair[0] != pair[1]} == {}, path
            assert set(field.get("required") or ()) == set(known[path].get("required") or ()), path


def models() -> dict[str, Any]:
    path = present(
        SCHEMAS.parent / "hyperpodpytorchjob.schema.json", "the published schemas", "see `schemas/README.md`"
    )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def of_models(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of hyp's models outside of pods by their path, without the alternative of null."""
    for name, told in schema.get("properties", {}).items():
        value = told | next((one for one in told.get("anyOf", ()) if one.get("type") != "null"), {})
        place = f"{path}.{name}"
        if "items" in value:
            yield place, value
            value, place = value["items"], f"{place}[]"
        if reference := value.get("$ref"):
            value = {**models()["$defs"][reference.rpartition("/")[2]], "default": None}
        yield place, value
        if name != "template":
            yield from of_models(value, place)


def test_a_hyperpodpytorchjob_has_the_fields_that_hyp_knows() -> None:
    told = dict(of_models(models()))
    ours = dict(fields(schema_of(hyperpodpytorchjobs())["properties"]["spec"]))
    known = {path: schema for path, schema in ours.items() if ".template." not in path}
    assert len(told) > 40
    assert told.keys() == known.keys()
    for member, nothing in (("type", "object"), ("default", None), ("required", None)):
        assert {path: one.get(member, nothing) for path, one in told.items()} == {
            path: one.get(member, nothing) for path, one in known.items()
        }


def test_the_api_server_accepts_all_of_them() -> None:
    ours = (*of_chart(), *usual(), jobsets(), hyperpodpytorchjobs(), *kueue())
    for crd in (*ours, theirs("jobset.x-k8s.io_jobsets.yaml")):
        assert list(crd_faults(crd, None)) == [], crd["metadata"]["name"]
