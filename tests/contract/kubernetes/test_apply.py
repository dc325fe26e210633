"""Server-side apply: who manages what, who is in whose way, and what goes when nobody wants it any more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.connection import Answer
from tests.contract.kubernetes.objects import a_config_map, a_container, a_workload
from tests.contract.kubernetes.space import Space

HER, HIM = "her", "him"


def applied(space: Space, manager: str, body: dict[str, Any], **query: Any) -> Answer:
    plural = {"ConfigMap": "configmaps", "Deployment": "deployments", "Service": "services"}[body["kind"]]
    return space.cluster.apply(space.path(plural, "one"), body, manager, **query)


def data(space: Space) -> dict[str, str]:
    found: dict[str, str] = space.get("configmaps", "one").good().get("data", {})
    return found


def managers(body: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(row["manager"], row["operation"]): row["fieldsV1"] for row in body["metadata"]["managedFields"]}


def test_what_is_not_there_is_made(space: Space) -> None:
    answer = applied(space, HER, a_config_map())
    assert (answer.code, answer.body["data"]) == (201, {"colour": "red", "size": "1"})
    row = answer.body["metadata"]["managedFields"][0]
    assert (row["manager"], row["operation"], row["apiVersion"], row["fieldsType"]) == (HER, "Apply", "v1", "FieldsV1")
    assert row["fieldsV1"] == {"f:data": {"f:colour": {}, "f:size": {}}}


def test_the_same_again_changes_nothing(space: Space) -> None:
    first = applied(space, HER, a_config_map())
    again = applied(space, HER, a_config_map())
    assert (again.code, again.version) == (200, first.version)


def test_who_applies_says_who_it_is(space: Space) -> None:
    place = space.path("configmaps", "one")
    answer = space.cluster.patch(place, a_config_map(), "application/apply-patch+yaml")
    assert answer.refusal == (422, "Invalid")
    assert "fieldManager: Required value: is required for apply patch" in answer.message


def test_a_change_of_what_another_manages_is_a_conflict_that_names_it(space: Space) -> None:
    applied(space, HER, a_config_map())
    answer = applied(space, HIM, a_config_map(data={"colour": "blue"}))
    assert answer.refusal == (409, "Conflict")
    assert answer.message == 'Apply failed with 1 conflict: conflict with "her": .data.colour'
    assert answer.body["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "her"', "field": ".data.colour"}
    ]
    assert data(space)["colour"] == "red"


def test_several_conflicts_are_told_together(space: Space) -> None:
    applied(space, HER, a_config_map())
    answer = applied(space, HIM, a_config_map(data={"colour": "blue", "size": "2"}))
    assert answer.message.startswith('Apply failed with 2 conflicts: conflicts with "her"')
    assert sorted(row["field"] for row in answer.body["details"]["causes"]) == [".data.colour", ".data.size"]


def test_who_insists_takes_the_field_over(space: Space) -> None:
    applied(space, HER, a_config_map())
    answer = applied(space, HIM, a_config_map(data={"colour": "blue"}), force=True)
    assert answer.good()["data"] == {"colour": "blue", "size": "1"}
    held = managers(answer.body)
    assert "f:colour" in held[HIM, "Apply"]["f:data"]
    assert "f:colour" not in held[HER, "Apply"]["f:data"]
    # What she lost she may leave out without taking it away.
    applied(space, HER, a_config_map(data={"size": "1"})).good()
    assert data(space) == {"colour": "blue", "size": "1"}


def test_the_same_value_is_held_together(space: Space) -> None:
    applied(space, HER, a_config_map())
    applied(space, HIM, a_config_map(data={"colour": "red"})).good()
    applied(space, HER, a_config_map(data={"size": "1"})).good()
    assert data(space) == {"colour": "red", "size": "1"}
    applied(space, HIM, a_config_map(data={"other": "x"})).good()
    assert data(space) == {"size": "1", "other": "x"}


def test_what_is_applied_no_more_goes(space: Space) -> None:
    applied(space, HER, a_config_map(data={"colour": "red", "size": "1"}))
    answer = applied(space, HER, a_config_map(data={"size": "2"}))
    assert answer.good()["data"] == {"size": "2"}


def test_what_was_set_in_another_way_stays(space: Space) -> None:
    space.make("configmaps", a_config_map(), fieldManager="maker")
    answer = applied(space, HER, a_config_map(data={"new": "x"}))
    assert answer.good()["data"] == {"colour": "red", "size": "1", "new": "x"}
    assert {*managers(answer.body)} == {("maker", "Update"), (HER, "Apply")}
    late = applied(space, HER, a_config_map(data={"colour": "blue"}))
    assert late.refusal == (409, "Conflict")
    assert 'conflict with "maker" using v1' in late.message


def test_a_plain_change_takes_a_field_without_asking(space: Space) -> None:
    applied(space, HER, a_config_map())
    patched = space.cluster.patch(space.path("configmaps", "one"), {"data": {"colour": "blue"}}, fieldManager=HIM)
    held = managers(patched.good())
    assert "f:colour" in held[HIM, "Update"]["f:data"]
    assert "f:colour" not in held[HER, "Apply"]["f:data"]
    assert applied(space, HER, a_config_map()).refusal == (409, "Conflict")


def test_applying_on_trial_shows_conflicts_and_changes_nothing(space: Space) -> None:
    applied(space, HER, a_config_map())
    assert applied(space, HIM, a_config_map(data={"colour": "blue"}), dryRun="All").code == 409
    assert applied(space, HER, a_config_map(data={"size": "2"}), dryRun="All").good()["data"] == {"size": "2"}
    assert data(space) == {"colour": "red", "size": "1"}


def test_an_applied_object_must_be_of_the_path(space: Space) -> None:
    answer = space.cluster.apply(space.path("configmaps", "one"), a_config_map("two"), HER)
    assert answer.refusal == (400, "BadRequest")
    assert "the name of the object (two) does not match the name on the URL (one)" in answer.message


def test_an_applied_object_may_name_no_manager_of_its_own(space: Space) -> None:
    body = applied(space, HER, a_config_map()).good()
    answer = applied(space, HER, body)
    assert answer.refusal == (400, "BadRequest")
    assert "metadata.managedFields must be nil" in answer.message


def _with(*containers: dict[str, Any]) -> dict[str, Any]:
    body = a_workload("Deployment", replicas=0)
    body["spec"]["template"]["spec"]["containers"] = list(containers)
    return body


def _container_names(space: Space) -> list[str]:
    spec = space.get("deployments", "one").good()["spec"]["template"]["spec"]
    return [row["name"] for row in spec["containers"]]


def test_each_may_bring_its_own_container(space: Space) -> None:
    applied(space, HER, _with(a_container("true", "main"))).good()
    answer = applied(space, HIM, _with(a_container("true", "side")))
    assert sorted(row["name"] for row in answer.good()["spec"]["template"]["spec"]["containers"]) == ["main", "side"]
    assert 'k:{"name":"side"}' in str(managers(answer.body)[HIM, "Apply"])
    applied(space, HIM, _with(a_container("true", "other"))).good()
    assert sorted(_container_names(space)) == ["main", "other"]


def test_lists_without_a_key_are_one_value(space: Space) -> None:
    applied(space, HER, _with(a_container("true", "main", args=["a", "b"]))).good()
    answer = applied(space, HIM, _with(a_container("true", "main", args=["c"])))
    assert answer.refusal == (409, "Conflict")
    assert answer.message.endswith(': .spec.template.spec.containers[name="main"].args')


def test_ports_are_told_apart_by_number_and_protocol(space: Space) -> None:
    def service(*ports: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "one"},
            "spec": {"clusterIP": "None", "ports": list(ports)},
        }

    applied(space, HER, service({"name": "a", "port": 80, "protocol": "TCP"})).good()
    answer = applied(space, HIM, service({"name": "b", "port": 81, "protocol": "TCP"}))
    assert [(row["name"], row["port"]) for row in answer.good()["spec"]["ports"]] == [("a", 80), ("b", 81)]


def test_an_applied_status_belongs_to_the_status(space: Space) -> None:
    applied(space, HER, a_workload("Deployment", replicas=0, paused=True)).good()
    row = {"type": "Tested", "status": "True", "reason": "Contract", "message": "seen"}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "one"},
        "status": {"conditions": [row]},
    }
    answer = space.cluster.apply(space.path("deployments", "one", sub="status"), body, HIM)
    assert answer.good()["spec"]["paused"] is True
    held = [row for row in answer.body["metadata"]["managedFields"] if row["manager"] == HIM]
    assert [row.get("subresource") for row in held] == ["status"]


@pytest.mark.parametrize("manager", ["x" * 129, "a\nb"])
def test_a_manager_has_a_name_that_can_be_read(space: Space, manager: str) -> None:
    assert applied(space, manager, a_config_map()).refusal == (422, "Invalid")
