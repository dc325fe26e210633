"""What `kubectl get` is shown: cells, ages, the paths of CRDs' columns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.columns import columns_of
from hpctl.sandbox.kube.durations import human
from hpctl.sandbox.kube.jsonpaths import looked_up
from hpctl.sandbox.kube.resources import Resource
from hpctl.sandbox.kube.tables import columns, table
from tests.unit.sandbox.kube.plain import NOON

MADE = (NOON - timedelta(minutes=5)).isoformat()
JOB = {"status": {"conditions": [{"type": "Created", "status": "True"}, {"type": "Running", "status": "True"}]}}


def _pod(phase: str = "Running", *, going: bool = False, init: Any = None, **states: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"name": name, "state": state, "ready": "running" in state, "restartCount": 0} for name, state in states.items()
    ]
    metadata = {"name": "p", "creationTimestamp": MADE} | ({"deletionTimestamp": MADE} if going else {})
    spec = {"containers": [{"name": name} for name in states], "initContainers": [{"name": "i"}] if init else []}
    begun = [{"name": "i", "state": init}] if init else []
    return {
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": phase, "containerStatuses": rows, "initContainerStatuses": begun},
    }


@pytest.mark.parametrize(
    ("pod", "ready", "status"),
    [
        (_pod("Pending"), "0/0", "Pending"),
        (_pod(c={"running": {}}), "1/1", "Running"),
        (_pod(c={"waiting": {"reason": "CrashLoopBackOff"}}), "0/1", "CrashLoopBackOff"),
        (_pod("Succeeded", c={"terminated": {"reason": "Completed", "exitCode": 0}}), "0/1", "Completed"),
        (_pod("Failed", c={"terminated": {"exitCode": 3}}), "0/1", "ExitCode:3"),
        (_pod("Failed", c={"terminated": {"exitCode": 137, "signal": 9}}), "0/1", "Signal:9"),
        (_pod(c={"running": {}}, going=True), "1/1", "Terminating"),
        (_pod("Pending", init={"running": {}}, c={"waiting": {"reason": "PodInitializing"}}), "0/1", "Init:0/1"),
        (_pod("Pending", init={"terminated": {"reason": "Error", "exitCode": 1}}, c={}), "0/1", "Init:Error"),
        (_pod("Running", init={"terminated": {"exitCode": 0}}, c={"running": {}}), "1/1", "Running"),
    ],
)
def test_a_pod_in_two_words(pod: dict[str, Any], ready: str, status: str) -> None:
    cells = {column.name: column.cell(pod, NOON) for column in columns_of("Pod")}
    assert (cells["Ready"], cells["Status"], cells["Age"]) == (ready, status, "5m")


def test_restarts_tell_when_the_last_was() -> None:
    pod = _pod(c={"running": {}})
    pod["status"]["containerStatuses"][0] |= {"restartCount": 2, "lastState": {"terminated": {"finishedAt": MADE}}}
    assert {column.name: column.cell(pod, NOON) for column in columns_of("Pod")}["Restarts"] == "2 (5m ago)"


@pytest.mark.parametrize("resource", [one for one in BUILT_IN if "list" in one.verbs], ids=lambda one: one.qualified)
def test_an_object_that_says_nothing_has_a_row_all_the_same(resource: Resource) -> None:
    bare = {"metadata": {"name": "bare", "creationTimestamp": MADE}, "spec": {}, "status": {}}
    made = table([bare], columns(resource, None), NOON, {}, "")
    (row,) = made["rows"]
    assert len(row["cells"]) == len(made["columnDefinitions"])
    assert row["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 60, "5h1m"),
        (47 * 3600, "47h"),
        (50 * 3600, "2d2h"),
        (30 * 86400, "30d"),
        (800 * 86400, "2y70d"),
        (4000 * 86400, "10y"),
    ],
)
def test_durations_are_those_of_kubectl(seconds: float, told: str) -> None:
    assert human(seconds) == told


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".status.conditions[-1:].type", ["Running"]),
        (".status.conditions[0].type", ["Created"]),
        (".status.conditions[*].type", ["Created", "Running"]),
        ('.status.conditions[?(@.type=="Running")].status', ["True"]),
        (".status.nothing.more", []),
        (".status['conditions'][5].type", []),
        ("no path at all", []),
    ],
)
def test_paths_of_columns(path: str, found: list[Any]) -> None:
    assert looked_up(JOB, path) == found


def test_the_columns_of_a_crd() -> None:
    printed = [
        {"name": "State", "type": "string", "jsonPath": ".status.conditions[-1:].type"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "Count", "type": "integer", "jsonPath": ".spec.count", "priority": 1},
    ]
    definition = {"spec": {"versions": [{"name": "v1", "additionalPrinterColumns": printed}]}}
    thing = Resource("example.com", "v1", "things", "Thing", "thing")
    made = table(
        [{"metadata": {"name": "one", "creationTimestamp": MADE}, **JOB}], columns(thing, definition), NOON, {}, "None"
    )
    assert made["rows"] == [{"cells": ["one", "Running", "5m", None]}]
    assert [column["priority"] for column in made["columnDefinitions"]] == [0, 0, 0, 1]
