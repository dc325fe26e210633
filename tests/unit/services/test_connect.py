from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hpctl.errors import NotFoundError, UnavailableError, UsageError
from hpctl.facts.kubeconfig import CurrentContext, KubeconfigChange, KubeconfigEntry
from hpctl.report.connection import ConnectionReport
from hpctl.services.connect import Program, Wish, connect, plan_connect
from tests.unit.builders import a_cluster, an_eks_cluster
from tests.unit.fakes import FakeAccount

NAME = "hpctl:123456789012:us-west-2:ml-cluster"
HPCTL = ("/opt/hpctl/bin/hpctl",)
USUAL = Wish()


class FakeKubeconfig:
    """A kubeconfig that remembers what it was given, and has another current context."""

    def __init__(self, *changed: str, current: str | None = "old") -> None:
        self.changed = changed
        self.current = current
        self.asked: list[tuple[str, KubeconfigEntry, CurrentContext]] = []

    def planned(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        return self._answer("planned", entry, current)

    def add(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        return self._answer("add", entry, current)

    def _answer(self, what: str, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        self.asked.append((what, entry, current))
        return KubeconfigChange("/home/you/.kube/config", self.changed, self.current, {"context": {}}, ("beware",))

    @property
    def entry(self) -> KubeconfigEntry:
        ((_what, entry, _current),) = self.asked
        return entry


def an_account(**eks: Any) -> FakeAccount:
    reachable = {"endpoint": "https://kube.example", "certificate_authority": "Q0E="}
    account = FakeAccount().holding(an_eks_cluster(**reachable | eks))
    account.clusters.add(a_cluster())
    return account


def connected(
    account: FakeAccount, kubeconfig: FakeKubeconfig, wish: Wish = USUAL, env: Mapping[str, str] | None = None
) -> ConnectionReport:
    return connect("ml-cluster", wish, Program(HPCTL, env or {}), kubeconfig, account.ports)


def test_the_entry_says_where_the_cluster_is_and_who_makes_its_tokens() -> None:
    kubeconfig = FakeKubeconfig("cluster")
    connected(an_account(), kubeconfig)
    assert kubeconfig.entry == KubeconfigEntry(
        name=NAME,
        context=NAME,
        server="https://kube.example",
        certificate_authority="Q0E=",
        command=(
            "/opt/hpctl/bin/hpctl",
            *("eks-token", "--cluster-name", "training", "--region", "us-west-2", "--profile", "team"),
        ),
    )


def test_the_report_says_what_became_of_the_file_and_what_to_type() -> None:
    report = connected(an_account(), FakeKubeconfig("cluster", "user"), Wish(context="a context"))
    assert report == ConnectionReport(
        cluster="ml-cluster",
        eks_cluster="training",
        region="us-west-2",
        account="123456789012",
        kubeconfig="/home/you/.kube/config",
        context="a context",
        current_context="old",
        result="connected",
        changed=("cluster", "user"),
        entries={"context": {}},
        notes=("beware",),
        next_steps=("kubectl --context 'a context' get nodes", "hpctl cluster check ml-cluster"),
    )
    assert report.names() == ("a context",)


def test_a_second_time_there_is_nothing_to_do() -> None:
    assert connected(an_account(), FakeKubeconfig()).result == "unchanged"


def test_a_plan_changes_nothing() -> None:
    kubeconfig = FakeKubeconfig("context")
    program = Program(HPCTL, {})
    report = plan_connect("ml-cluster", Wish(), program, kubeconfig, an_account().ports)
    assert (report.result, [what for what, *_ in kubeconfig.asked]) == ("planned", ["planned"])


def test_kubectl_needs_no_context_where_it_is_the_current_one() -> None:
    report = connected(an_account(), FakeKubeconfig("user", current=NAME), Wish(current=CurrentContext.SET))
    assert report.next_steps[0] == "kubectl get nodes"


def test_kubectl_is_told_the_file_that_was_named() -> None:
    report = connected(an_account(), FakeKubeconfig("user"), Wish(kubeconfig="my file"))
    assert report.next_steps[0] == f"kubectl --kubeconfig 'my file' --context {NAME} get nodes"


def test_what_leads_to_the_credentials_goes_with_the_kubeconfig_and_keys_never_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir("/")
    env = {
        "AWS_CONFIG_FILE": "etc/aws",
        "AWS_SHARED_CREDENTIALS_FILE": "/home/you/keys",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ENDPOINT_URL_STS": "https://me:secret@proxy",
        "AWS_CA_BUNDLE": "",
        "AWS_ACCESS_KEY_ID": "AKIAPLANTED000000000",
        "AWS_SECRET_ACCESS_KEY": "planted",
        "AWS_SESSION_TOKEN": "planted",
        "PATH": "/bin",
    }
    kubeconfig = FakeKubeconfig("user")
    connected(an_account(), kubeconfig, env=env)
    assert kubeconfig.entry.environment == {
        "AWS_CONFIG_FILE": "/etc/aws",
        "AWS_SHARED_CREDENTIALS_FILE": "/home/you/keys",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    }


def test_credentials_of_the_shell_are_remarked_on_and_name_no_profile() -> None:
    account, kubeconfig = an_account(), FakeKubeconfig("user")
    account.caller.profile = None
    report = connected(account, kubeconfig)
    assert "--profile" not in kubeconfig.entry.command
    assert report.notes[1].startswith("the credentials come from this shell or this machine")


def test_slurm_is_refused_with_what_to_type_instead() -> None:
    account = an_account()
    account.clusters.add(a_cluster(eks_cluster_arn=None, orchestrator="slurm"))
    with pytest.raises(UsageError, match="is orchestrated by Slurm, which has no Kubernetes API") as caught:
        connected(account, FakeKubeconfig())
    assert caught.value.hint == "look at its nodes: hpctl node list --cluster ml-cluster"


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        connect("other", Wish(), Program(HPCTL, {}), FakeKubeconfig(), an_account().ports)


@pytest.mark.parametrize("missing", ["endpoint", "certificate_authority"])
def test_an_eks_cluster_without_an_endpoint_is_not_ready(missing: str) -> None:
    with pytest.raises(UnavailableError, match="is CREATING and has no Kubernetes endpoint yet") as caught:
        connected(an_account(status="CREATING", **{missing: None}), FakeKubeconfig())
    assert caught.value.hint == "aws eks wait cluster-active --region us-west-2 --name training"


@pytest.mark.parametrize("namespace", ["", "Team", "a_b", "-a", "a" * 64, "a b", "a\n"])
def test_what_is_no_namespace_is_refused(namespace: str) -> None:
    kubeconfig = FakeKubeconfig()
    with pytest.raises(UsageError, match="is not the name of a namespace"):
        connected(an_account(), kubeconfig, Wish(namespace=namespace))
    assert kubeconfig.asked == []


@pytest.mark.parametrize("context", ["", "  ", "a\nb", "\x1b[31m"])
def test_what_is_no_name_of_a_context_is_refused(context: str) -> None:
    with pytest.raises(UsageError, match="the name of a context"):
        connected(an_account(), FakeKubeconfig(), Wish(context=context))
