"""Server-side apply: what is taken, what is refused, and what goes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.resources import Object, PatchType
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.patches.applies import (
    DEPLOYMENT,
    LATER,
    NOW,
    RULES,
    apply,
    container,
    deployment,
    fields_of,
    managers,
    update,
)

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def image(body: Object, index: int = 0) -> str:
    return str(body["spec"]["template"]["spec"]["containers"][index]["image"])


def test_an_apply_owns_what_it_says_and_nothing_else() -> None:
    made = apply(None, deployment(container(ports=[{"containerPort": 80}]), replicas=2), "alice")
    assert managers(made) == [("alice", "Apply")]
    owned = fields_of(made, "alice")["f:spec"]
    assert sorted(owned) == ["f:replicas", "f:selector", "f:template"]
    web = owned["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']
    assert web == {
        ".": {},
        "f:image": {},
        "f:name": {},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
    }
    assert "f:name" not in fields_of(made, "alice").get("f:metadata", {})


def test_the_same_apply_again_changes_nothing_not_even_the_time() -> None:
    config = deployment(container(ports=[{"containerPort": 80}]), labels={"a": "b"}, replicas=2)
    made = apply(None, config, "alice", now=NOW)
    assert apply(made, config, "alice", now=LATER) == made


def test_a_field_of_another_manager_is_a_conflict_that_names_both() -> None:
    made = apply(None, deployment(container(), replicas=2), "alice")
    with pytest.raises(StatusError) as refused:
        apply(made, deployment(container(), replicas=3), "bob")
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    assert refused.value.message == 'Apply failed with 1 conflict: conflict with "alice": .spec.replicas'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "alice"', "field": ".spec.replicas"}
    assert refused.value.details["causes"] == [cause]


def test_conflicts_with_updates_name_the_version_and_are_listed_by_manager() -> None:
    live = update(None, deployment(container(), replicas=2), "kubectl-create")
    with pytest.raises(StatusError) as refused:
        apply(live, deployment(container(image="nginx:2"), replicas=3), "bob")
    assert refused.value.message == (
        'Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="web"].image'
    )


def test_force_takes_the_field_and_the_other_manager_loses_it() -> None:
    made = apply(None, deployment(container(), replicas=2), "alice")
    taken = apply(made, deployment(container(), replicas=3), "bob", force=True)
    assert taken["spec"]["replicas"] == 3
    assert "f:replicas" not in fields_of(taken, "alice")["f:spec"]
    assert "f:replicas" in fields_of(taken, "bob")["f:spec"]


def test_who_applies_the_same_value_shares_the_field() -> None:
    made = apply(None, deployment(container(), replicas=2), "alice")
    shared = apply(made, deployment(container(), replicas=2), "bob")
    assert "f:replicas" in fields_of(shared, "alice")["f:spec"]
    assert "f:replicas" in fields_of(shared, "bob")["f:spec"]
    left = apply(shared, deployment(container()), "alice")
    assert left["spec"]["replicas"] == 2
    assert apply(left, deployment(container()), "bob")["spec"]["replicas"] == 1


def test_what_is_no_longer_applied_goes_and_what_others_own_stays() -> None:
    both = deployment(container("web"), container("side"), labels={"a": "1", "b": "2"})
    made = apply(None, both, "alice")
    made = update(made, {**made, "metadata": {**made["metadata"], "labels": {"a": "1", "b": "2", "c": "3"}}}, "bob")
    left = apply(made, deployment(container("web"), labels={"a": "1"}), "alice")
    assert [one["name"] for one in left["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert left["metadata"]["labels"] == {"a": "1", "c": "3"}


def test_a_container_with_a_field_of_somebody_else_stays_with_that_field() -> None:
    made = apply(None, deployment(container("web"), container("side")), "alice")
    more = deployment(container("web"), {"name": "side", "workingDir": "/srv"})
    made = apply(made, more, "bob")
    left = apply(made, deployment(container("web")), "alice")
    kept = left["spec"]["template"]["spec"]["containers"][1]
    assert (kept["name"], kept["workingDir"]) == ("side", "/srv")
    assert "image" not in kept


def test_items_that_are_only_in_the_object_keep_their_place() -> None:
    env = [{"name": name, "value": "1"} for name in ("A", "B", "C")]
    live = update(None, deployment(container(env=env)), "x")
    changed = [{"name": "D", "value": "1"}, {"name": "B", "value": "1"}]
    merged = apply(live, deployment(container(env=changed)), "y")
    found = merged["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [one["name"] for one in found] == ["A", "D", "B", "C"]


def test_an_atomic_list_is_replaced_as_one() -> None:
    live = update(None, deployment(container(args=["a", "b"])), "x")
    with pytest.raises(StatusError, match=r'containers\[name="web"\]\.args'):
        apply(live, deployment(container(args=["c"])), "y")
    taken = apply(live, deployment(container(args=["c"])), "y", force=True)
    assert taken["spec"]["template"]["spec"]["containers"][0]["args"] == ["c"]


def test_what_kubectl_applied_on_its_own_side_is_taken_over_without_force() -> None:
    config = deployment(container(), replicas=2)
    annotated = {**config, "metadata": {**config["metadata"], "annotations": {LAST_APPLIED: json.dumps(config)}}}
    live = update(None, annotated, "kubectl-client-side-apply")
    wanted = deployment(container(image="nginx:2"), replicas=3)
    with pytest.raises(StatusError, match="2 conflicts"):
        apply(live, wanted, "other")
    new = apply(live, wanted, "kubectl")
    assert (image(new), new["spec"]["replicas"]) == ("nginx:2", 3)
    assert json.loads(new["metadata"]["annotations"][LAST_APPLIED])["spec"]["replicas"] == 3


def test_what_somebody_changed_since_is_a_conflict_for_kubectl_too() -> None:
    config = deployment(container(), replicas=2)
    annotated = {**config, "metadata": {**config["metadata"], "annotations": {LAST_APPLIED: json.dumps(config)}}}
    live = update(None, annotated, "kubectl-client-side-apply")
    live = update(live, {**live, "spec": {**live["spec"], "replicas": 7}}, "scaler", now=LATER)
    with pytest.raises(StatusError, match=r'conflict with "scaler" using apps/v1: \.spec\.replicas'):
        apply(live, deployment(container(image="nginx:2"), replicas=3), "kubectl")


def test_an_object_that_nobody_was_written_down_for_belongs_to_before() -> None:
    live = deployment(container(), replicas=2)
    with pytest.raises(StatusError, match='conflict with "before-first-apply" using apps/v1'):
        apply(live, deployment(container(), replicas=3), "alice")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            deployment(container(imagee="x")),
            (
                "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): "
                ".spec.template.spec.containers[0].imagee: field not declared in schema"
            ),
        ),
        (
            deployment(container(), container()),
            '.spec.template.spec.containers: duplicate entries for key [name="web"]',
        ),
        (deployment({"image": "x"}), 'associative list with keys has an element that omits key field "name"'),
    ],
)
def test_a_configuration_that_cannot_be_merged_is_refused(config: Object, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        apply(None, config, "alice")
    assert message in refused.value.message


def test_a_configuration_brings_no_managed_fields() -> None:
    config = deployment(container())
    config["metadata"]["managedFields"] = [{"manager": "x"}]
    with pytest.raises(StatusError, match=r"metadata\.managedFields must be nil"):
        apply(None, config, "alice")


def test_the_status_is_not_applied_through_the_object() -> None:
    made = apply(None, {**deployment(container()), "status": {"replicas": 4}}, "alice")
    assert "status" not in made
    assert "f:status" not in fields_of(made, "alice")


def test_an_apply_to_the_status_is_about_the_status_alone() -> None:
    made = apply(None, deployment(container(), replicas=2), "alice")
    config = {**deployment(container(image="other"), replicas=9), "status": {"observedGeneration": 3}}
    new = patched(
        DEPLOYMENT,
        made,
        config,
        PatchType.APPLY,
        shape=RULES.shape(DEPLOYMENT),
        now=NOW,
        manager="controller",
        subresource="status",
    )
    assert (new["status"], new["spec"]) == ({"observedGeneration": 3}, made["spec"])
    row = next(row for row in new["metadata"]["managedFields"] if row["manager"] == "controller")
    assert (row["subresource"], row["fieldsV1"]) == ("status", {"f:status": {"f:observedGeneration": {}}})


names = st.sampled_from(["a", "b", "c", "d"])
texts = st.sampled_from(["1", "2", "3"])
containers = st.lists(
    st.builds(
        lambda name, env, args: container(
            name, env=[{"name": key, "value": value} for key, value in env.items()], args=args
        ),
        names,
        st.dictionaries(names, texts, max_size=3),
        st.lists(texts, max_size=2),
    ),
    unique_by=lambda one: str(one["name"]),
    min_size=1,
    max_size=3,
)
configs = st.builds(
    lambda found, labels, replicas: deployment(*found, labels=labels, replicas=replicas),
    containers,
    st.dictionaries(names, texts, max_size=3),
    st.integers(0, 3),
)


@settings(max_examples=50, deadline=None)
@given(configs, configs, configs)
def test_apply_is_idempotent_and_leaves_what_was_applied(first: Object, second: Object, third: Object) -> None:
    live = apply(None, first, "alice")
    live = apply(live, second, "bob", force=True)
    new = apply(live, third, "alice", force=True)
    assert _timeless(apply(new, third, "alice", now=LATER)) == _timeless(new)
    assert _holds(new, third)


def _timeless(body: Object) -> Object:
    """Leave the times out: an empty list that Go does not keep is new each time."""
    rows = {row["manager"]: {**row, "time": ""} for row in body["metadata"]["managedFields"]}
    return {**body, "metadata": {**body["metadata"], "managedFields": rows}}


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(
            name in whole and _holds(whole[name], value) for name, value in part.items() if value not in ([], {})
        )
    if isinstance(part, list) and part and isinstance(part[0], dict) and "name" in part[0]:
        found = {one["name"]: one for one in whole}
        return all(_holds(found[one["name"]], one) for one in part)
    return bool(whole == part)


@settings(max_examples=50, deadline=None)
@given(configs, configs)
def test_one_manager_alone_has_in_the_end_what_it_applied_last(first: Object, second: Object) -> None:
    alone = apply(None, second, "alice")
    changed = apply(apply(None, first, "alice"), second, "alice")
    alone["metadata"]["managedFields"] = changed["metadata"]["managedFields"]
    assert _sorted(changed) == _sorted(alone)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(part) for name, part in value.items() if part not in ([], {})}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted((_sorted(one) for one in value), key=str)
    return value
