"""Every built-in kind is made, read, listed, changed, replaced and deleted in the same way."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.contract.kubernetes.capabilities import made_here, needs
from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.kinds import INSIDE, OUTSIDE
from tests.contract.kubernetes.space import path, spaced, until


@pytest.fixture(params=[*INSIDE, *OUTSIDE])
def made(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The kind's collection, an object's path, and the object to be made there."""
    plural = request.param
    needs(cluster, plural)
    if plural in INSIDE:
        with spaced(cluster) as space:
            body = copy.deepcopy(INSIDE[plural])
            if "involvedObject" in body:
                body["involvedObject"]["namespace"] = space.name
            made_here(cluster, space.path(plural), body)
            yield space.path(plural), space.path(plural, body["metadata"]["name"]), body
    else:
        name = f"contract-{uuid4().hex[:8]}"
        body = copy.deepcopy(OUTSIDE[plural])
        body["metadata"]["name"] = name
        yield path(plural), path(plural, name), body
        cluster.delete(path(plural, name))


def test_an_object_lives(cluster: Cluster, made: tuple[str, str, dict[str, Any]]) -> None:
    collection, place, body = made
    created = cluster.post(collection, body)
    assert created.code == 201, created.body
    metadata = created.body["metadata"]
    assert str(UUID(metadata["uid"])) == metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["resourceVersion"].isdigit()
    assert (created.body["kind"], created.body["apiVersion"]) == (body["kind"], body["apiVersion"])

    assert cluster.get(place).good()["metadata"]["uid"] == metadata["uid"]
    listed = cluster.get(collection)
    assert listed.good()["kind"] == f"{body['kind']}List"
    assert metadata["name"] in listed.names
    again = cluster.post(collection, body)
    assert again.refusal == (409, "AlreadyExists")
    assert again.message.endswith(f'"{metadata["name"]}" already exists')


def test_an_object_changes(cluster: Cluster, made: tuple[str, str, dict[str, Any]]) -> None:
    collection, place, body = made
    created = cluster.post(collection, body).good()
    labelled = cluster.patch(place, {"metadata": {"labels": {"contract.test/step": "one"}}}).good()
    assert labelled["metadata"]["uid"] == created["metadata"]["uid"]
    assert int(labelled["metadata"]["resourceVersion"]) > int(created["metadata"]["resourceVersion"])
    assert labelled["metadata"].get("generation") == created["metadata"].get("generation")

    def replaced() -> int:
        body = cluster.get(place).good()
        body["metadata"]["labels"] = {"contract.test/step": "two"}
        return cluster.put(place, body).code

    # A controller may have changed it in between: who replaces reads again.
    until(replaced, lambda code: code != 409)
    assert cluster.get(place).good()["metadata"]["labels"]["contract.test/step"] == "two"


def test_an_object_goes(cluster: Cluster, made: tuple[str, str, dict[str, Any]]) -> None:
    collection, place, body = made
    cluster.post(collection, body).good()
    assert cluster.delete(f"{place}-not").refusal == (404, "NotFound")
    gone = cluster.delete(place, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})
    assert gone.code in {200, 202}, gone.body
    answer = until(lambda: cluster.get(place), lambda answer: answer.code == 404)
    assert answer.refusal == (404, "NotFound")
    assert answer.message.endswith(f'"{body["metadata"]["name"]}" not found')
    assert answer.body["details"]["name"] == body["metadata"]["name"]


def test_what_is_made_on_trial_is_not_kept(cluster: Cluster, made: tuple[str, str, dict[str, Any]]) -> None:
    collection, place, body = made
    tried = cluster.post(collection, body, dryRun="All")
    assert (tried.code, "uid" in tried.body["metadata"]) == (201, True)
    assert cluster.get(place).code == 404
