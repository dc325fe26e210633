from __future__ import annotations

from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet import names
from hpctl.sandbox.kube.resources import Object


def pod(name: str, address: str, namespace: str = "team", *, ready: bool = True, **spec: Any) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    metadata = {"name": name, "namespace": namespace, "labels": {"app": "web"}}
    return {
        "metadata": metadata,
        "spec": spec,
        "status": {"podIP": address, "phase": "Running", "conditions": conditions},
    }


def service(name: str, address: str = "None", **spec: Any) -> Object:
    whole = {"clusterIP": address, "selector": {"app": "web"}, **spec}
    return {"metadata": {"name": name, "namespace": "team"}, "spec": whole}


LONG = "web.team.svc.cluster.local"


def test_a_headless_service_is_its_ready_pods() -> None:
    pods = [pod("a", "100.64.0.2"), pod("b", "100.64.0.3", ready=False), pod("c", "100.64.0.4", "other")]
    assert names.addresses(LONG, [service("web")], pods) == ["100.64.0.2"]
    open_to_all = [service("web", publishNotReadyAddresses=True)]
    assert names.addresses(LONG, open_to_all, pods) == ["100.64.0.2", "100.64.0.3"]
    assert names.addresses(LONG, [service("web")], []) == []


def test_another_service_has_the_address_of_its_own() -> None:
    assert names.addresses(LONG.upper(), [service("web", "172.20.3.4")], []) == ["172.20.3.4"]


@pytest.mark.parametrize(
    "name",
    [
        "web",
        "web.team.svc",
        "team.svc.cluster.local",
        "svc.cluster.local",
        "webs.team.svc.cluster.local",
        "web.other.svc.cluster.local",
        "zero.web.team.svc.cluster.local",
        "a.zero.web.team.svc.cluster.local",
        "example.com",
        "",
    ],
)
@pytest.mark.parametrize("address", ["None", "172.20.3.4"])
def test_there_is_no_other_name(name: str, address: str) -> None:
    assert names.addresses(name, [service("web", address)], [pod("a", "100.64.0.2")]) is None


def test_a_pod_with_a_subdomain_has_a_name_of_its_own() -> None:
    master = pod("job-master-0", "100.64.0.2", hostname="zero", subdomain="web")
    other = pod("job-master-1", "100.64.0.3", hostname="zero", subdomain="other")
    assert names.addresses(f"zero.{LONG}", [service("web")], [master, other]) == ["100.64.0.2"]
    assert names.addresses(f"one.{LONG}", [service("web")], [master, other]) is None
    assert "100.64.0.2\tzero.web.team.svc.cluster.local zero\n" in names.hosts(master, "100.64.0.2")
    assert "100.64.0.2\ta\n" in names.hosts(pod("a", "100.64.0.2"), "100.64.0.2")


def test_short_names_are_for_the_own_namespace_alone() -> None:
    assert names.names_of(service("web"), "team") == (LONG, "web.team.svc", "web.team", "web")
    assert names.names_of(service("web"), "other") == (LONG, "web.team.svc", "web.team")


def test_aliases_are_kept() -> None:
    own = pod("a", "100.64.0.2", hostAliases=[{"ip": "10.9.8.7", "hostnames": ["one", "two"]}])
    assert "10.9.8.7\tone two\n" in names.hosts(own, "100.64.0.2")


def test_who_has_ended_or_goes_is_not_behind_a_service() -> None:
    ended, going = pod("a", "100.64.0.2"), pod("b", "100.64.0.3")
    ended["status"]["phase"] = "Succeeded"
    going["metadata"]["deletionTimestamp"] = "2026-03-04T12:00:00Z"
    assert list(names.behind(service("web"), [ended, going])) == []
    assert list(names.behind(service("web", selector=None), [pod("c", "100.64.0.4")])) == []


@pytest.mark.parametrize(
    ("name", "short"), [("a" * 70, "a" * 63), ("b" * 62 + "-" + "c", "b" * 62), ("plain", "plain")]
)
def test_a_hostname_is_no_longer_than_a_label(name: str, short: str) -> None:
    assert names.hostname(pod(name, "")) == short


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("web", "127.0.0.1"),
        ("web:29500", "127.0.0.1:29500"),
        ("tcp://web.team:80/x", "tcp://127.0.0.1:80/x"),
        ("user@web.team.svc.cluster.local", "user@127.0.0.1"),
        ("web,web-2:1,other", "127.0.0.1,web-2:1,other"),
        ("my-web", "my-web"),
        ("webby", "webby"),
        ("/srv/web", "/srv/web"),
        ("a web page", "a web page"),
        ("one-0.web one-1.web", "127.0.0.1 127.0.0.1"),
        ("one-0.web page", "one-0.web page"),
        ("one-0.web", "127.0.0.1"),
        ("one.two.web", "one.two.web"),
    ],
)
def test_a_host_that_names_a_service_is_this_machine(value: str, moved: str) -> None:
    assert names.on_loopback(value, names.names_of(service("web"), "team")) == moved
