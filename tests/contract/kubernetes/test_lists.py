"""Lists: pages, selectors, forms of answers, and how old a list may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.kubernetes.connection import TABLE, Answer
from tests.contract.kubernetes.objects import a_config_map, a_waiting_pod, an_object
from tests.contract.kubernetes.space import Space, spaced

COUNT = 12
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@pytest.fixture(scope="module")
def many(room: Space) -> Space:
    """A namespace with a dozen Secrets of two sizes and some colours."""
    for number in range(COUNT):
        labels = {"size": ("big", "small")[number % 2], **({"colour": "red"} if number < 3 else {})}
        body = an_object("Secret", f"s{number:02}", metadata={"labels": labels}, stringData={"a": "b"})
        if number == 0:
            body["type"] = "contract.test/first"
        room.make("secrets", body)
    return room


def pages(space: Space, limit: int, **query: Any) -> Iterator[Answer]:
    following: dict[str, Any] = {}
    while True:
        page = space.get("secrets", limit=limit, **following, **query)
        page.good()
        yield page
        if not page.body["metadata"].get("continue"):
            return
        following = {"continue": page.body["metadata"]["continue"]}


def test_pages_follow_each_other_and_make_the_whole(many: Space) -> None:
    whole = many.get("secrets").names
    found = list(pages(many, 5))
    assert [len(page.names) for page in found] == [5, 5, 2]
    assert [name for page in found for name in page.names] == whole == sorted(whole)
    assert [page.body["metadata"].get("remainingItemCount") for page in found] == [7, 2, None]
    assert len({page.version for page in found}) == 1


def test_a_page_may_be_larger_than_all(many: Space) -> None:
    page = many.get("secrets", limit=500)
    assert (len(page.names), page.body["metadata"].get("continue", "")) == (COUNT, "")


def test_pages_go_through_what_a_selector_leaves(many: Space) -> None:
    found = list(pages(many, 2, labelSelector="size=big"))
    assert [len(page.names) for page in found] == [2, 2, 2]
    assert "remainingItemCount" not in found[0].body["metadata"]


def test_pages_show_the_moment_of_the_first(space: Space) -> None:
    for number in range(6):
        space.make("secrets", an_object("Secret", f"s{number}"))
    first, *rest = _with_changes(space)
    assert [name for page in (first, *rest) for name in page.names] == [f"s{number}" for number in range(6)]


def _with_changes(space: Space) -> Iterator[Answer]:
    for number, page in enumerate(pages(space, 2)):
        if number == 0:
            space.cluster.delete(space.path("secrets", "s4")).good()
            space.make("secrets", an_object("Secret", "s3a"))
        yield page


@pytest.mark.parametrize("token", ["nonsense", "%%%", "e30"])
def test_a_token_that_nobody_gave_is_refused(many: Space, token: str) -> None:
    answer = many.get("secrets", limit=2, **{"continue": token})
    assert answer.refusal == (400, "BadRequest")
    assert "continue key is not valid" in answer.message


# What a label selector leaves.
LABELS = {
    "size=big": range(0, COUNT, 2),
    "size==big": range(0, COUNT, 2),
    "size!=big": range(1, COUNT, 2),
    "size in (big,small)": range(COUNT),
    "size notin (big), colour": (1,),
    "colour": range(3),
    "!colour": range(3, COUNT),
    "colour!=red": range(3, COUNT),
    "size=big,colour=red": (0, 2),
    "size=none": (),
    "": range(COUNT),
}


@pytest.mark.parametrize("selector", LABELS)
def test_labels_choose(many: Space, selector: str) -> None:
    assert many.get("secrets", labelSelector=selector).names == [f"s{number:02}" for number in LABELS[selector]]


@pytest.mark.parametrize("selector", ["size=", "size in", "size in (big", "a b", "=big", "size=b c", "-size"])
def test_a_label_selector_that_makes_no_sense_is_refused(many: Space, selector: str) -> None:
    answer = many.get("secrets", labelSelector=selector)
    if selector == "size=":
        assert answer.names == []
    else:
        assert answer.refusal == (400, "BadRequest")


FIELDS = {
    "metadata.name=s03": (3,),
    "metadata.name!=s03": (*range(3), *range(4, COUNT)),
    "type=contract.test/first": (0,),
    "type!=contract.test/first,metadata.name=s01": (1,),
}


@pytest.mark.parametrize("selector", FIELDS)
def test_fields_choose(many: Space, selector: str) -> None:
    assert many.get("secrets", fieldSelector=selector).names == [f"s{number:02}" for number in FIELDS[selector]]


def test_every_kind_knows_its_own_fields_alone(many: Space) -> None:
    answer = many.get("secrets", fieldSelector="spec.nodeName=x")
    assert answer.refusal == (400, "BadRequest")
    assert "field label not supported: spec.nodeName" in answer.message


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("spec.nodeName=", True),
        ("spec.nodeName!=", False),
        ("status.phase=Pending", True),
        ("status.phase!=Pending", False),
        ("spec.restartPolicy=Never,status.phase=Pending", True),
    ],
)
def test_pods_are_chosen_by_node_and_phase(room: Space, selector: str, found: bool) -> None:
    room.cluster.post(room.path("pods"), a_waiting_pod())
    assert bool(room.get("pods", fieldSelector=selector).names) == found


def test_all_namespaces_are_listed_together(many: Space) -> None:
    with spaced(many.cluster) as other:
        other.make("secrets", an_object("Secret", "s00", metadata={"labels": {"size": "big"}}))
        answer = many.cluster.get("/api/v1/secrets", labelSelector="size", fieldSelector="metadata.name=s00")
        assert {row["metadata"]["namespace"] for row in answer.good()["items"]} >= {many.name, other.name}


def test_a_collection_is_deleted_by_selector(space: Space) -> None:
    for number in range(4):
        space.make("configmaps", a_config_map(f"m{number}", labels={"odd": str(number % 2)}))
    space.cluster.delete(space.path("configmaps"), labelSelector="odd=1").good()
    left = space.get("configmaps", fieldSelector="metadata.name!=kube-root-ca.crt")
    assert left.names == ["m0", "m2"]


def test_a_list_may_be_as_old_as_what_was_seen(many: Space) -> None:
    seen = many.get("secrets").version
    made = many.make("configmaps", a_config_map("later"))["metadata"]["resourceVersion"]
    answer = many.get("secrets", resourceVersion=made, resourceVersionMatch="NotOlderThan")
    assert int(answer.version) >= int(made) > int(seen)
    assert len(many.get("secrets", resourceVersion="0").names) == COUNT
    exact = many.get("secrets", resourceVersion=seen, resourceVersionMatch="Exact", limit=3)
    assert (exact.version, len(exact.names)) == (seen, 3)


def test_how_a_version_is_to_match_must_make_sense(many: Space) -> None:
    answer = many.get("secrets", resourceVersionMatch="Exact")
    assert answer.refusal == (422, "Invalid")
    assert "resourceVersionMatch is forbidden unless resourceVersion is provided" in answer.message


def test_metadata_comes_alone_when_it_is_asked_for(many: Space) -> None:
    answer = many.get("secrets", accept=METADATA, limit=2)
    assert (answer.good()["kind"], answer.body["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert {*answer.body["items"][0]} <= {"kind", "apiVersion", "metadata"}
    assert answer.body["metadata"]["continue"]


def test_a_table_has_the_columns_that_people_look_at(many: Space) -> None:
    table = many.get("secrets", accept=f"{TABLE},application/json", limit=2).good()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert [row["cells"][:3] for row in table["rows"]] == [["s00", "contract.test/first", 1], ["s01", "Opaque", 1]]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    whole = many.get("secrets", accept=TABLE, limit=1, includeObject="Object").good()
    assert whole["rows"][0]["object"]["kind"] == "Secret"


COLUMNS = {
    "pods": ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"],
    "configmaps": ["Name", "Data", "Age"],
    "services": ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"],
    "jobs": ["Name", "Status", "Completions", "Duration", "Age", "Containers", "Images", "Selector"],
    "deployments": ["Name", "Ready", "Up-to-date", "Available", "Age", "Containers", "Images", "Selector"],
}


@pytest.mark.parametrize("plural", COLUMNS)
def test_every_kind_has_columns_of_its_own(room: Space, plural: str) -> None:
    table = room.get(plural, accept=TABLE).good()
    assert [column["name"] for column in table["columnDefinitions"]] == COLUMNS[plural]


def test_a_list_of_text_in_all_languages_comes_back(space: Space) -> None:
    text = {"a": "héllo ✓ 日本語 \U0001f680", "b": '"\\\n\t\u0001'}
    space.make("configmaps", a_config_map(data=text))
    with space.cluster.opened("GET", space.path("configmaps", "one")) as answer:
        assert json.loads(answer.read())["data"] == text
