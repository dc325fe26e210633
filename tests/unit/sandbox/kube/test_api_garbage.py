"""What goes with what has gone: dependents, contents of namespaces, objects of CRDs, old events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.garbage import Garbage
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.plain import NOON, Clock, plain_api

GROUP = "example.com"


def _owned(name: str, *owners: Object, blocks: bool = True) -> Object:
    rows = [
        {"apiVersion": "v1", "kind": one["kind"], "name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
        | ({"blockOwnerDeletion": True} if blocks else {})
        for one in owners
    ]
    return {"metadata": {"name": name, "ownerReferences": rows}}


def _made(api: ClusterApi, kind: str, body: Object, namespace: str = "default") -> Object:
    return api.create(api.resource("v1", kind), namespace, body, manager="test")


def _names(api: ClusterApi, kind: str, namespace: str | None = None) -> list[str]:
    return [one["metadata"]["name"] for one in api.list(api.resource("v1", kind), namespace)]


def test_dependents_go_when_all_of_their_owners_have_gone() -> None:
    api = plain_api()
    garbage, secrets = Garbage(api), api.resource("v1", "Secret")
    first, second = (_made(api, "Secret", {"metadata": {"name": name}}) for name in ("first", "second"))
    _made(api, "Secret", _owned("of-both", first, second))
    middle = _made(api, "Secret", _owned("of-first", first))
    _made(api, "Secret", _owned("grandchild", middle))
    api.delete(secrets, "default", "first")
    garbage.tidy()
    assert _names(api, "Secret") == ["of-both", "second"]
    (left,) = api.get(secrets, "default", "of-both")["metadata"]["ownerReferences"]
    assert left["name"] == "second"


def test_an_owner_that_never_was_is_as_good_as_gone() -> None:
    api = plain_api()
    garbage = Garbage(api)
    ghost = {"kind": "Secret", "metadata": {"name": "ghost", "uid": "nobody"}}
    _made(api, "Secret", _owned("orphan", ghost))
    garbage.tidy()
    assert _names(api, "Secret") == []


def test_in_the_foreground_the_owner_goes_last() -> None:
    api = plain_api()
    garbage, secrets = Garbage(api), api.resource("v1", "Secret")
    owner = _made(api, "Secret", {"metadata": {"name": "owner"}})
    held = _owned("held", owner)
    held["metadata"]["finalizers"] = ["example.com/held"]
    _made(api, "Secret", held)
    _made(api, "Secret", _owned("free", owner, blocks=False))
    api.delete(secrets, "default", "owner", propagation="Foreground")
    garbage.tidy()
    assert _names(api, "Secret") == ["held", "owner"]
    going = api.get(secrets, "default", "held")
    api.update(secrets, "default", {**going, "metadata": {**going["metadata"], "finalizers": []}}, manager="test")
    garbage.tidy()
    assert _names(api, "Secret") == []


def test_orphans_stay_and_forget_their_owner() -> None:
    api = plain_api()
    garbage, secrets = Garbage(api), api.resource("v1", "Secret")
    owner = _made(api, "Secret", {"metadata": {"name": "owner"}})
    _made(api, "Secret", _owned("child", owner))
    api.delete(secrets, "default", "owner", propagation="Orphan")
    garbage.tidy()
    assert _names(api, "Secret") == ["child"]
    assert "ownerReferences" not in api.get(secrets, "default", "child")["metadata"]


def test_what_was_cut_off_goes_on_after_a_restart() -> None:
    api = plain_api()
    owner = _made(api, "Secret", {"metadata": {"name": "owner"}})
    _made(api, "Secret", _owned("child", owner))
    api.delete(api.resource("v1", "Secret"), "default", "owner", propagation="Foreground")
    Garbage(api).tidy()
    assert _names(api, "Secret") == []


def test_a_namespace_goes_when_it_is_empty_and_takes_nothing_new() -> None:
    api = plain_api()
    garbage, namespaces = Garbage(api), api.resource("v1", "Namespace")
    api.create(namespaces, None, {"metadata": {"name": "going"}}, manager="test")
    _made(api, "Secret", {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}, "going")
    assert api.delete(namespaces, None, "going")["status"]["phase"] == "Terminating"
    with pytest.raises(StatusError, match="because it is being terminated") as refused:
        _made(api, "Secret", {"metadata": {"name": "late"}}, "going")
    assert refused.value.details["causes"][0]["reason"] == "NamespaceTerminating"
    garbage.tidy()
    assert _names(api, "ServiceAccount", "going") == []
    assert _names(api, "Namespace") == ["default", "going"]
    held = api.get(api.resource("v1", "Secret"), "going", "held")
    held = {**held, "metadata": {**held["metadata"], "finalizers": []}}
    api.update(api.resource("v1", "Secret"), "going", held, manager="test")
    garbage.tidy()
    assert _names(api, "Namespace") == ["default"]


def _definition(**spec: Any) -> Object:
    version = {"name": "v1", "served": True, "storage": True, "schema": {}, "subresources": {"status": {}}}
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version], **spec}
    return {"metadata": {"name": f"things.{GROUP}"}, "spec": spec}


def test_a_crd_is_served_at_once_and_goes_with_its_objects() -> None:
    api = plain_api()
    garbage, crds = Garbage(api), api.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    made = api.create(crds, None, _definition(), manager="test")
    true = [one["type"] for one in made["status"]["conditions"] if one["status"] == "True"]
    assert true == ["NamesAccepted", "Established"]
    things = api.resource(f"{GROUP}/v1", "Thing")
    api.create(things, "default", {"metadata": {"name": "one"}}, manager="test")
    api.delete(crds, None, f"things.{GROUP}")
    garbage.tidy()
    assert api.list(crds) == ()
    assert api.list(things) == ()
    with pytest.raises(StatusError, match="could not find the requested resource"):
        api.resource(f"{GROUP}/v1", "Thing")


def test_names_that_another_crd_has_are_not_accepted() -> None:
    api = plain_api()
    crds = api.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    api.create(crds, None, _definition(), manager="test")
    other = _definition(names={"plural": "others", "kind": "Thing"})
    other["metadata"]["name"] = f"others.{GROUP}"
    refused = api.create(crds, None, other, manager="test")
    assert {one["type"]: one["status"] for one in refused["status"]["conditions"]} == {
        "NamesAccepted": "False",
        "Established": "False",
    }
    assert api.kinds.of_kind(f"{GROUP}/v1", "Thing") == api.kinds.named(GROUP, "v1", "things")


def test_events_are_forgotten_after_an_hour_in_which_nobody_wrote_to_them() -> None:
    clock = Clock()
    api = plain_api(clock=clock)
    garbage = Garbage(api)
    _made(api, "Event", {"metadata": {"name": "old"}})
    told = (NOON + timedelta(minutes=50)).isoformat()
    _made(api, "Event", {"metadata": {"name": "again"}, "lastTimestamp": told})
    clock.at = NOON + timedelta(minutes=61)
    garbage.forget_old_events()
    assert _names(api, "Event") == ["again"]
