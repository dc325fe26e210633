"""JSON patches and merge patches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.patches.documents import json_patched, merge_patched
from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.resources import PatchType, Resource
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.patches.applies import DEPLOYMENT, NOW, RULES

# RFC 6902, appendix A, where the document is an object.
RFC_6902: list[tuple[Any, Any, Any]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/2"}],
        {"foo": ["all", "cows", "grass"]},
    ),
    ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "qux"}], {"baz": "qux"}),
    ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"a": {}}}], {"foo": "bar", "child": {"a": {}}}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
]
# RFC 7386, appendix A, where the document is an object.
RFC_7386: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), RFC_6902)
def test_a_json_patch_does_what_the_rfc_shows(before: Any, patch: Any, after: Any) -> None:
    assert json_patched(before, patch) == after


@pytest.mark.parametrize(("before", "patch", "after"), RFC_7386)
def test_a_merge_patch_does_what_the_rfc_shows(before: Any, patch: Any, after: Any) -> None:
    assert merge_patched(before, patch) == after


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "test", "path": "/baz", "value": "bar"}],
        [{"op": "remove", "path": "/nothing"}],
        [{"op": "add", "path": "/no/such", "value": 1}],
        [{"op": "dance", "path": "/baz"}],
        [{"path": "/baz"}],
        ["x"],
    ],
)
def test_a_json_patch_that_fails_is_refused_and_changes_nothing(patch: Any) -> None:
    before = {"baz": "qux"}
    with pytest.raises(StatusError, match="the server rejected our request due to an error in our request") as refused:
        json_patched(before, patch)
    assert (refused.value.code, refused.value.reason, before) == (422, "Invalid", {"baz": "qux"})


def test_too_long_a_json_patch_is_refused() -> None:
    patch = [{"op": "test", "path": "/a", "value": 1}] * 10001
    with pytest.raises(StatusError, match="maximum operations in a JSON patch is 10000, got 10001"):
        json_patched({"a": 1}, patch)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)
documents = st.dictionaries(st.text(max_size=2), values, max_size=4)


@given(documents, documents)
def test_a_merge_patch_twice_is_a_merge_patch_once(document: Any, patch: Any) -> None:
    once = merge_patched(document, patch)
    assert merge_patched(once, patch) == once


@given(documents)
def test_no_null_of_a_merge_patch_stays(patch: Any) -> None:
    def has_null(value: Any) -> bool:
        return isinstance(value, dict) and any(part is None or has_null(part) for part in value.values())

    assert not has_null(merge_patched({}, patch))


def test_a_patch_of_the_wrong_form_is_a_bad_request() -> None:
    for kind, patch in ((PatchType.JSON, {}), (PatchType.MERGE, []), (PatchType.STRATEGIC, [])):
        with pytest.raises(StatusError, match="error decoding patch") as refused:
            patched(DEPLOYMENT, {}, patch, kind, shape=RULES.shape(DEPLOYMENT), now=NOW)
        assert refused.value.code == 400


def test_custom_resources_know_no_strategic_merge() -> None:
    own = Resource("x.org", "v1", "things", "Thing", "thing")
    with pytest.raises(StatusError, match="the body of the request was in an unknown format") as refused:
        patched(own, {}, {}, PatchType.STRATEGIC, shape=Shape({}, {}, custom=True), now=NOW)
    assert refused.value.code == 415
