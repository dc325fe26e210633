"""kubectl makes, shows, changes and deletes objects."""

from __future__ import annotations

import re
import select
from itertools import count
from typing import Any

import pytest

from tests.contract.kubernetes.objects import ONE, a_config_map, a_job, a_waiting_pod, a_workload
from tests.functional.kubectl.command import Kubectl


def data(kubectl: Kubectl, name: str = ONE) -> dict[str, str]:
    found: dict[str, str] = kubectl("get", "configmap", name, "-o", "json").json().get("data", {})
    return found


def apply(kubectl: Kubectl, body: dict[str, Any], *words: str, ends: int = 0) -> str:
    ended = kubectl("apply", "-f", kubectl.write(body), *words, ends=ends)
    return (ended.out + ended.err).strip()


def test_what_is_applied_is_made_then_changed_then_left(kubectl: Kubectl) -> None:
    assert apply(kubectl, a_config_map()) == "configmap/one created"
    assert apply(kubectl, a_config_map()) == "configmap/one unchanged"
    assert apply(kubectl, a_config_map(data={"colour": "blue", "new": "x"})) == "configmap/one configured"
    assert data(kubectl) == {"colour": "blue", "new": "x"}


def test_what_others_added_stays_when_it_is_applied_again(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    kubectl("patch", "configmap", ONE, "-p", '{"data": {"theirs": "x"}}', "--type", "merge")
    apply(kubectl, a_config_map(data={"colour": "red"}))
    assert data(kubectl) == {"colour": "red", "theirs": "x"}


def test_lists_are_merged_by_their_keys_when_they_are_applied(kubectl: Kubectl) -> None:
    body = a_workload("Deployment", replicas=0)
    containers = body["spec"]["template"]["spec"]["containers"]
    assert apply(kubectl, body) == "deployment.apps/one created"
    containers[0]["env"] = [{"name": "A", "value": "1"}]
    containers.append({"name": "side", "image": "b"})
    assert apply(kubectl, body) == "deployment.apps/one configured"
    del containers[1]
    assert apply(kubectl, body) == "deployment.apps/one configured"
    shown = kubectl("get", "deploy", ONE, "-o", "jsonpath={.spec.template.spec.containers[*].name}").out
    assert shown == "main"
    assert apply(kubectl, body) == "deployment.apps/one unchanged"


def test_applying_on_the_server_tells_of_conflicts(kubectl: Kubectl) -> None:
    assert apply(kubectl, a_config_map(), "--server-side") == "configmap/one serverside-applied"
    other = a_config_map(data={"colour": "blue"})
    told = apply(kubectl, other, "--server-side", "--field-manager=other", ends=1)
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .data.colour' in told
    assert apply(kubectl, other, "--server-side", "--field-manager=other", "--force-conflicts").endswith("applied")
    assert data(kubectl) == {"colour": "blue", "size": "1"}


def test_what_was_applied_by_the_client_may_be_applied_on_the_server(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    assert apply(kubectl, a_config_map(data={"colour": "blue"}), "--server-side") == "configmap/one serverside-applied"
    assert data(kubectl) == {"colour": "blue"}


def test_a_misspelt_field_is_refused_before_anything_is_made(kubectl: Kubectl) -> None:
    told = apply(kubectl, {**a_config_map(), "datta": {}}, ends=1)
    assert 'unknown field "datta"' in told
    kubectl("get", "configmap", ONE, ends=1)


def test_dry_runs_make_nothing(kubectl: Kubectl) -> None:
    assert apply(kubectl, a_config_map(), "--dry-run=server") == "configmap/one created (server dry run)"
    assert kubectl("get", "configmap", ONE, "--ignore-not-found").out == ""


def test_a_difference_is_shown(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    name = kubectl.write(a_config_map(data={"colour": "blue", "size": "1"}), "changed.json")
    shown = kubectl("diff", "-f", name, ends=1).out
    assert "-  colour: red" in shown
    assert "+  colour: blue" in shown
    assert kubectl("diff", "-f", "object.json").out == ""


def test_objects_are_made_without_files(kubectl: Kubectl) -> None:
    assert kubectl("create", "configmap", "two", "--from-literal=a=b").out == "configmap/two created\n"
    assert data(kubectl, "two") == {"a": "b"}
    assert 'configmaps "two" already exists' in kubectl("create", "configmap", "two", ends=1).err
    assert kubectl("create", "secret", "generic", "three", "--from-literal=a=b").out == "secret/three created\n"
    shown = kubectl("get", "secret", "three", "-o", "go-template={{.data.a | base64decode}}").out
    assert shown == "b"


def test_objects_are_shown_in_every_form(kubectl: Kubectl) -> None:
    apply(kubectl, a_waiting_pod())
    assert kubectl("get", "pods").rows[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert kubectl("get", "pods").rows[1][:4] == ["one", "0/1", "Pending", "0"]
    assert kubectl("get", "pods", "-o", "wide").rows[0][5:7] == ["IP", "NODE"]
    assert kubectl("get", "pod", ONE, "-o", "name").out == "pod/one\n"
    assert kubectl("get", "pod", ONE, "-o", "json").json()["spec"]["restartPolicy"] == "Never"
    assert "restartPolicy: Never" in kubectl("get", "pod", ONE, "-o", "yaml").out
    assert kubectl("get", "pod", ONE, "-o", "jsonpath={.spec.containers[0].name}").out == "main"
    columns = "custom-columns=N:.metadata.name,P:.status.phase"
    assert kubectl("get", "pods", "-o", columns).rows == [["N", "P"], ["one", "Pending"]]
    assert kubectl("get", "pods", "--no-headers", "--show-labels").rows[0][-1] == "<none>"
    assert kubectl("get", "pods", "-A", "--field-selector", "metadata.name=one").rows[0][0] == "NAMESPACE"
    assert "No resources found" in kubectl("get", "pods", "-l", "a=b").err
    assert [row[0] for row in kubectl("get", "cm,po", "-o", "name").rows][-1] == "pod/one"


def test_several_pages_make_one_list(kubectl: Kubectl) -> None:
    for number in range(7):
        kubectl.space.make("configmaps", a_config_map(f"m{number}", labels={"many": "yes"}))
    shown = kubectl("get", "configmaps", "-l", "many", "--chunk-size=3", "-o", "name").out.split()
    assert shown == [f"configmap/m{number}" for number in range(7)]


def test_all_kinds_of_the_usual_ones_are_shown_together(kubectl: Kubectl) -> None:
    apply(kubectl, a_job(suspend=True))
    assert "job.batch/one" in kubectl("get", "all").out


def test_an_object_is_described_with_its_events(kubectl: Kubectl) -> None:
    apply(kubectl, a_waiting_pod())
    kubectl("wait", "--for=condition=PodScheduled=false", "pod/one", "--timeout=30s")
    for _ in range(50):
        shown = kubectl("describe", "pod", ONE).out
        if "FailedScheduling" in shown:
            break
    assert re.search(r"^Status: +Pending$", shown, re.MULTILINE)
    assert "FailedScheduling" in shown
    assert "colour" in kubectl("describe", "configmap", _made(kubectl)).out
    assert "Allocatable:" in kubectl("describe", "nodes").out


def _made(kubectl: Kubectl) -> str:
    name: str = kubectl.space.make("configmaps", a_config_map("two"))["metadata"]["name"]
    return name


def test_labels_and_annotations_are_set_and_taken_away(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    assert kubectl("label", "cm", ONE, "a=b").out == "configmap/one labeled\n"
    assert "already has a value" in kubectl("label", "cm", ONE, "a=c", ends=1).err
    kubectl("label", "cm", ONE, "a=c", "--overwrite")
    assert kubectl("get", "cm", "-l", "a=c", "-o", "name").out == "configmap/one\n"
    assert kubectl("label", "cm", ONE, "a-").out == "configmap/one unlabeled\n"
    assert kubectl("annotate", "cm", ONE, "note=a b").out == "configmap/one annotated\n"
    assert kubectl("get", "cm", ONE, "-o", "jsonpath={.metadata.annotations.note}").out == "a b"


@pytest.mark.parametrize("kind", ["merge", "strategic", "json"])
def test_objects_are_patched(kubectl: Kubectl, kind: str) -> None:
    apply(kubectl, a_config_map())
    patch = '[{"op": "replace", "path": "/data/size", "value": "2"}]' if kind == "json" else '{"data": {"size": "2"}}'
    assert kubectl("patch", "cm", ONE, "--type", kind, "-p", patch).out == "configmap/one patched\n"
    assert data(kubectl)["size"] == "2"


def test_an_object_is_edited_in_an_editor(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    kubectl("edit", "cm", ONE, env={"KUBE_EDITOR": "sed -i s/red/green/"})
    assert data(kubectl)["colour"] == "green"
    refused = kubectl("edit", "cm", ONE, env={"KUBE_EDITOR": "sed -i s/^data:/datta:/"}, ends=1)
    assert "unknown field" in refused.err or "unknown field" in refused.out


def test_an_object_is_replaced(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    name = kubectl.write(a_config_map(data={"only": "this"}), "other.json")
    assert kubectl("replace", "-f", name).out == "configmap/one replaced\n"
    assert data(kubectl) == {"only": "this"}
    assert "deleted" in kubectl("replace", "--force", "-f", name).out


def test_a_deployment_is_scaled(kubectl: Kubectl) -> None:
    apply(kubectl, a_workload("Deployment", replicas=0))
    assert kubectl("scale", "deployment", ONE, "--replicas=2").out == "deployment.apps/one scaled\n"
    assert kubectl("get", "deployment", ONE, "-o", "jsonpath={.spec.replicas}").out == "2"
    told = kubectl("scale", "deployment", ONE, "--replicas=3", "--current-replicas=1", ends=1).err
    assert "Expected replicas to be 1, was 2" in told


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_a_deletion_takes_along_what_it_should(kubectl: Kubectl, cascade: str) -> None:
    apply(kubectl, a_job(pod={"nodeSelector": {"contract.test/nowhere": "yes"}}))
    kubectl("wait", "--for=jsonpath={.status.active}=1", "job/one", "--timeout=30s")
    assert kubectl("delete", "job", ONE, f"--cascade={cascade}").out.startswith('job.batch "one" deleted')
    if cascade == "orphan":
        assert len(kubectl("get", "pods", "-o", "name").out.split()) == 1
    else:
        kubectl("wait", "--for=delete", "pods", "-l", "job-name=one", "--timeout=30s")
        assert kubectl("get", "pods", "-o", "name").out == ""


def test_several_are_deleted_by_file_label_and_all(kubectl: Kubectl) -> None:
    for name in ("a", "b", "c"):
        kubectl.space.make("configmaps", a_config_map(name, labels={"name": name, "ours": "yes"}))
    assert "a" in kubectl("delete", "-f", kubectl.write(a_config_map("a"))).out
    assert '"b" deleted' in kubectl("delete", "cm", "-l", "name=b").out
    kubectl("delete", "cm", "--all")
    assert kubectl("get", "cm", "-l", "ours", "-o", "name").out == ""
    assert 'configmaps "a" not found' in kubectl("delete", "cm", "a", ends=1).err
    kubectl("delete", "cm", "a", "--ignore-not-found")


def test_one_waits_for_a_value_a_condition_and_an_end(kubectl: Kubectl) -> None:
    apply(kubectl, a_job("true"))
    assert (
        kubectl("wait", "--for=condition=complete", "job/one", "--timeout=40s").out == "job.batch/one condition met\n"
    )
    kubectl("wait", "--for=jsonpath={.status.succeeded}=1", "job/one", "--timeout=5s")
    kubectl("delete", "job", ONE, "--wait=false")
    kubectl("wait", "--for=delete", "job/one", "--timeout=30s")
    apply(kubectl, a_config_map())
    told = kubectl("wait", "--for=jsonpath={.data.colour}=blue", "cm/one", "--timeout=1s", ends=1).err
    assert "timed out waiting for the condition" in told


def test_changes_are_shown_as_they_come(kubectl: Kubectl) -> None:
    apply(kubectl, a_config_map())
    with kubectl.started("get", "configmap", ONE, "-w", "-o", "jsonpath={.data.colour}{'\\n'}") as shown:
        assert shown.stdout is not None
        assert shown.stdout.readline() == "red\n"
        # Of one object kubectl passes over the first thing that its watch tells: what changed before is not shown.
        changes = count()
        while not select.select([shown.stdout], [], [], 1.0)[0]:
            _colour(kubectl, str(next(changes)))
        _colour(kubectl, "blue")
        seen = list(iter(shown.stdout.readline, "blue\n"))
    assert seen == sorted(seen, key=int)
    assert int(seen[-1]) == next(changes) - 1


def _colour(kubectl: Kubectl, colour: str) -> None:
    kubectl.space.cluster.patch(kubectl.space.path("configmaps", ONE), {"data": {"colour": colour}}).good()


def test_what_there_is_may_be_asked_for(kubectl: Kubectl) -> None:
    rows = {row[0]: row for row in kubectl("api-resources", "--no-headers").rows}
    assert rows["deployments"] == ["deployments", "deploy", "apps/v1", "true", "Deployment"]
    assert rows["nodes"][-2:] == ["false", "Node"]
    assert "batch/v1" in kubectl("api-versions").out.split()
    assert "Server Version: v1." in kubectl("version").out
    assert kubectl("get", "--raw", "/healthz").out == "ok"


def test_a_field_is_explained(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "pod.spec.containers").out
    assert re.search(r"^KIND: +Pod$", shown, re.MULTILINE)
    assert re.search(r"^ +image\s+<string>$", shown, re.MULTILINE)
    assert 'field "nonsense" does not exist' in kubectl("explain", "pod.spec.nonsense", ends=1).err


def test_one_may_ask_what_one_may(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").out == "yes\n"
    assert kubectl("auth", "can-i", "--list").rows[0][0] == "Resources"
    assert "Username" in kubectl("auth", "whoami").out


def test_there_are_no_figures_of_use(kubectl: Kubectl) -> None:
    assert "Metrics API not available" in kubectl("top", "nodes", ends=1).err


def test_a_deployment_rolls_out(kubectl: Kubectl) -> None:
    body = a_workload("Deployment", replicas=1)
    body["spec"]["template"]["spec"].pop("nodeSelector")
    apply(kubectl, body)
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/one", "--timeout=40s").out
    kubectl("rollout", "restart", "deployment/one")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/one", "--timeout=40s").out
    assert len(kubectl("get", "replicasets", "-o", "name").out.split()) == 2
