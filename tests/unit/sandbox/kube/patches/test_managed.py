"""managedFields after creates, updates and patches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.patches.fields import decoded, encoded, spelt, with_ancestors
from tests.unit.sandbox.kube.patches.applies import (
    LATER,
    NOW,
    apply,
    container,
    deployment,
    fields_of,
    managers,
    update,
)


def test_who_creates_owns_everything_that_is_there_defaults_included() -> None:
    live = update(None, deployment(container(), labels={"a": "b"}), "kubectl-create")
    owned = fields_of(live, "kubectl-create", "Update")
    assert owned["f:metadata"] == {"f:labels": {".": {}, "f:a": {}}}
    assert "f:revisionHistoryLimit" in owned["f:spec"]
    assert "f:apiVersion" not in owned


def test_who_changes_a_field_takes_it_from_whoever_had_it() -> None:
    live = update(None, deployment(container(), replicas=2), "one", now=NOW)
    new = update(live, {**live, "spec": {**live["spec"], "replicas": 5}}, "two", now=LATER)
    assert fields_of(new, "two", "Update") == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in fields_of(new, "one", "Update")["f:spec"]
    times = {row["manager"]: row["time"] for row in new["metadata"]["managedFields"]}
    assert times == {"one": "2026-01-01T00:00:00Z", "two": "2026-01-01T01:00:00Z"}


def test_who_changes_nothing_is_not_written_down() -> None:
    live = update(None, deployment(container()), "one")
    assert update(live, live, "two", now=LATER) == live


def test_what_is_removed_nobody_owns() -> None:
    live = update(None, deployment(container(), labels={"a": "1", "b": "2"}), "one")
    less = {**live, "metadata": {**live["metadata"], "labels": {"a": "1"}}}
    new = update(live, less, "two")
    assert "f:b" not in fields_of(new, "one", "Update")["f:metadata"]["f:labels"]
    assert fields_of(new, "two", "Update") is None


def test_the_status_has_an_entry_of_its_own() -> None:
    live = update(None, deployment(container()), "one")
    new = update(live, {**live, "status": {"replicas": 1}}, "controller", subresource="status")
    row = next(row for row in new["metadata"]["managedFields"] if row["manager"] == "controller")
    assert (row["subresource"], row["fieldsV1"]) == ("status", {"f:status": {"f:replicas": {}}})


def test_an_update_takes_a_field_from_who_applied_it() -> None:
    made = apply(None, deployment(container(), replicas=2), "alice")
    new = update(made, {**made, "spec": {**made["spec"], "replicas": 4}}, "scaler")
    assert "f:replicas" not in fields_of(new, "alice")["f:spec"]
    assert managers(new) == [("alice", "Apply"), ("scaler", "Update")]


def test_clients_may_rewrite_or_clear_the_entries_but_not_lose_them() -> None:
    live = update(None, deployment(container()), "one")
    rows = [{**row, "manager": "kubectl", "operation": "Apply"} for row in live["metadata"]["managedFields"]]
    migrated = update(live, {**live, "metadata": {**live["metadata"], "managedFields": rows}}, "two")
    assert managers(migrated) == [("kubectl", "Apply")]
    cleared = update(live, {**live, "metadata": {**live["metadata"], "managedFields": [{}]}}, "two")
    assert managers(cleared) == []
    forgot = {name: value for name, value in live["metadata"].items() if name != "managedFields"}
    assert update(live, {**live, "metadata": forgot}, "two") == live


elements = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "i:0"])
paths = st.lists(elements, min_size=1, max_size=4).map(tuple)


@given(st.frozensets(paths, max_size=8))
def test_a_set_of_fields_survives_being_written_and_read(fields: frozenset[tuple[str, ...]]) -> None:
    assert decoded(encoded(fields)) == fields


def test_a_field_that_is_in_the_set_beside_those_in_it_has_a_dot() -> None:
    assert encoded([("f:a",), ("f:a", "f:b")]) == {"f:a": {".": {}, "f:b": {}}}
    assert encoded([("f:a", "f:b"), ("f:c",)]) == {"f:a": {"f:b": {}}, "f:c": {}}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", 'k:{"name":"a"}', "f:image"), '.spec[name="a"].image'),
        (('k:{"containerPort":80,"protocol":"TCP"}',), '[containerPort=80,protocol="TCP"]'),
        (("f:finalizers", 'v:"x/y"'), '.finalizers[="x/y"]'),
        (("f:list", "i:3"), ".list[3]"),
    ],
)
def test_paths_are_spelt_as_kubernetes_does(path: tuple[str, ...], text: str) -> None:
    assert spelt(path) == text


def test_ancestors_are_fields_not_items() -> None:
    path = ("f:spec", "f:list", 'k:{"name":"a"}', "f:image")
    assert with_ancestors([path]) == {path, path[:1], path[:2]}
