"""SkyPilot for a cluster: what setting it up plans and does, and what its check amounts to."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hpctl.adapters.local.sky_config import allowed
from hpctl.errors import LockedError, NotFoundError, UnavailableError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.sky import FileChange, SkyVerdict
from hpctl.report.sky import SkyCheckReport
from hpctl.services.connect import Program
from hpctl.services.sky.check import check
from hpctl.services.sky.efa import files
from hpctl.services.sky.setup import Tools, apply_setup, plan_setup
from tests.unit.builders import a_kubernetes_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.test_connect import NAME, FakeKubeconfig, an_account

LABELLED = {"skypilot.co/accelerator": "h100"}


@dataclass
class FakeSky:
    """SkyPilot in memory, with the files that it has."""

    installed: bool = False
    verdict: SkyVerdict = field(default_factory=SkyVerdict)
    files: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    environment: str = "/state/sky/0.14.1"

    def install(self) -> None:
        self.done.append("install")
        self.installed = True

    def allowed(self, context: str, current: str | None, patience_s: int) -> FileChange:
        path = "/home/you/.sky/config.yaml"
        before = self.files.get(path, "")
        return FileChange(path, before, allowed(path, before, context, current, patience_s))

    def beside(self, name: str, text: str) -> FileChange:
        path = f"/home/you/.sky/hpctl/{name}"
        return FileChange(path, self.files.get(path, ""), text)

    def write(self, change: FileChange) -> None:
        self.done.append(f"write {change.path}")
        self.files[change.path] = change.after

    def check(self, context: str) -> SkyVerdict:
        self.done.append(f"check {context}")
        return self.verdict


def a_node(name: str, instance_type: str = "ml.p5.48xlarge", **labels: str) -> KubernetesNode:
    told = {"node.kubernetes.io/instance-type": instance_type}
    return a_kubernetes_node(name, instance_type, labels=told | labels)


def joined(*nodes: KubernetesNode) -> FakeAccount:
    account = an_account()
    account.kubernetes.joined = list(nodes)
    for node in nodes:
        account.jobs.held["nodes", "", node.name] = {"metadata": {"name": node.name, "labels": dict(node.labels)}}
    return account


def with_tools(sky: FakeSky, *changed: str) -> Tools:
    return Tools(Program(("/opt/hpctl/bin/hpctl",), {}), FakeKubeconfig(*changed), sky)


def test_everything_is_planned_and_nothing_done() -> None:
    account, sky = joined(a_node("a"), a_node("b", **LABELLED)), FakeSky()
    plan = plan_setup("ml-cluster", with_tools(sky, "cluster", "context"), account.ports)
    assert plan.report.result == "planned"
    assert [(step.part, step.change) for step in plan.report.steps] == [
        ("environment", "add"),
        ("context", "add"),
        ("config", "add"),
        ("efa", "add"),
        ("labels", "add"),
    ]
    assert plan.report.steps[4].detail == "on 1 of 2 nodes"
    assert f"+    - {NAME}" in plan.report.steps[2].diff
    [note] = plan.report.notes
    assert note.startswith("the current context `old` is allowed, too: once contexts are named, SkyPilot no longer")
    assert (sky.done, account.calls.of("jobs.merge")) == ([], [])


def test_setting_up_does_what_was_planned_and_a_second_time_there_is_nothing_to_do() -> None:
    account, sky = joined(a_node("a")), FakeSky()
    tools = with_tools(sky, "context")
    report = apply_setup(plan_setup("ml-cluster", tools, account.ports), tools, account.ports)
    assert report.result == "done"
    assert sky.done == [
        "install",
        "write /home/you/.sky/config.yaml",
        "write /home/you/.sky/hpctl/ml-cluster-p5.48xlarge.yaml",
    ]
    [merge] = account.calls.of("jobs.merge")
    assert {"metadata": {"labels": LABELLED}} in merge
    account.kubernetes.joined = [a_node("a", **LABELLED)]
    again = plan_setup("ml-cluster", with_tools(sky), account.ports)
    assert {step.change for step in again.report.steps} == {"keep"}
    assert again.report.result == "unchanged"
    assert plan_setup("ml-cluster", with_tools(sky), account.ports, reinstall=True).install


def test_where_the_environment_cannot_be_made_nothing_of_the_persons_is_changed() -> None:
    account, sky = joined(a_node("a")), FakeSky()
    tools = with_tools(sky, "context")
    plan = plan_setup("ml-cluster", tools, account.ports)

    def broken() -> None:
        raise UnavailableError("no index")

    sky.install = broken  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        apply_setup(plan, tools, account.ports)
    assert (sky.files, account.calls.of("jobs.merge")) == ({}, [])


def test_efa_comes_from_what_the_nodes_of_a_type_offer() -> None:
    nodes = [
        a_kubernetes_node("a", "ml.p5.48xlarge", allocatable={"vpc.amazonaws.com/efa": "31"}),
        a_kubernetes_node("b", "ml.p5.48xlarge", allocatable={"vpc.amazonaws.com/efa": "32"}),
        a_kubernetes_node("c", "ml.g5.48xlarge", allocatable={"nvidia.com/gpu": "8"}),
        a_kubernetes_node("d", "ml.c5.4xlarge", allocatable={}),
    ]
    found = dict(files("demo", "/f", nodes))
    assert {name: text.count("vpc.amazonaws.com/efa: 32") for name, text in found.items()} == {
        "demo-p5.48xlarge.yaml": 2,
        "demo-g5.48xlarge.yaml": 0,
    }
    assert "vpc.amazonaws.com/efa: 1\n" in found["demo-g5.48xlarge.yaml"]
    assert "#   sky launch --config /f/demo-p5.48xlarge.yaml task.yaml" in found["demo-p5.48xlarge.yaml"]


def checked(verdict: SkyVerdict, **labels: str) -> SkyCheckReport:
    sky = FakeSky(installed=True, verdict=verdict)
    return check("ml-cluster", with_tools(sky), joined(a_node("a", **labels)).ports)


def test_a_context_that_is_enabled_and_labelled_is_ready() -> None:
    verdict = SkyVerdict(contexts={NAME: (True, ""), "far": (False, "timeout")}, accelerators={"H100": (16, 12)})
    report = checked(verdict, **LABELLED)
    assert (report.state, report.said, report.next_steps) == ("ready", "", ())
    assert [(one.accelerator, one.total, one.free) for one in report.accelerators] == [("H100", 16, 12)]
    assert report.elsewhere == ("far: timeout",)
    assert report.names() == (NAME,)


@pytest.mark.parametrize(
    ("verdict", "state", "said", "then"),
    [
        (
            SkyVerdict(contexts={NAME: (True, "not labeled")}),
            "blind",
            "no label tells SkyPilot of the accelerators of 1 of the nodes",
            ("hpctl node label --overwrite --cluster ml-cluster",),
        ),
        (
            SkyVerdict(reason="`nc` is required"),
            "disabled",
            "`nc` is required",
            ("sudo apt-get install netcat-openbsd",),
        ),
        (
            SkyVerdict(contexts={"other": (True, "")}),
            "disabled",
            "the context is not among those that SkyPilot is allowed, or not in the kubeconfig",
            ("hpctl sky setup --cluster ml-cluster",),
        ),
        (
            SkyVerdict(contexts={NAME: (False, "Failed to communicate")}),
            "disabled",
            "Failed to communicate",
            ("hpctl doctor ml-cluster",),
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    verdict: SkyVerdict, state: str, said: str, then: tuple[str, ...]
) -> None:
    report = checked(verdict)
    assert (report.state, report.said, report.next_steps) == (state, said, then)


def test_what_was_not_set_up_is_not_found() -> None:
    with pytest.raises(NotFoundError) as caught:
        check("ml-cluster", with_tools(FakeSky()), joined(a_node("a")).ports)
    assert caught.value.hint == "hpctl sky setup --cluster ml-cluster"


def test_labels_that_skypilot_cannot_read_leave_it_blind() -> None:
    verdict = SkyVerdict(contexts={NAME: (True, "")}, uncounted="Invalid label value")
    report = checked(verdict, **{"skypilot.co/accelerator": "H100"})
    assert (report.state, report.said) == ("blind", "Invalid label value")


def test_a_cluster_without_accelerators_is_ready_without_any() -> None:
    sky = FakeSky(installed=True, verdict=SkyVerdict(contexts={NAME: (True, "")}, uncounted="no GPUs"))
    assert check("ml-cluster", with_tools(sky), joined(a_node("a", "ml.c5.4xlarge")).ports).state == "ready"


def test_somebody_else_who_installs_is_not_disturbed() -> None:
    account, sky = joined(a_node("a")), FakeSky()
    tools = with_tools(sky)
    plan = plan_setup("ml-cluster", tools, account.ports)
    account.calls.fail("state.lock", LockedError("another hpctl installs it"))
    with pytest.raises(LockedError):
        apply_setup(plan, tools, account.ports)
    assert sky.done == []


def test_labels_of_another_value_are_kept_and_said() -> None:
    account = joined(a_node("a", **{"skypilot.co/accelerator": "H100"}))
    plan = plan_setup("ml-cluster", with_tools(FakeSky()), account.ports)
    assert plan.report.steps[-1].detail == "no node lacks it"
    assert plan.report.notes[0] == (
        "1 of the nodes keep a label that is not what their type has: hpctl node label --overwrite --cluster ml-cluster"
    )
