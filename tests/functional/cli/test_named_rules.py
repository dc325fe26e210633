"""The two rules that cost people most: EFA stays in one zone, and EKS takes access entries.

First hpctl refuses before anything is made; then, with the check left out, the sandbox fails as AWS does, and
hpctl shows AWS's words with cause and remedy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Ended, Hpctl
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.specs import Spec

HERE, THERE = "${SUBNET_ID}", "${OTHER_SUBNET_ID}"
CONFIG_MAP: Spec = {"orchestrator": {"eks": {"cluster_arn": "${CONFIG_MAP_CLUSTER_ARN}"}}}
EFA_WORDS = "EFA health checks did not run successfully"
CONFIG_MAP_WORDS = "EKS clusters with CONFIG_MAP authentication mode are not supported"
NO_DEPENDENCIES: Spec = {"orchestrator": {"eks": {"cluster_arn": "${NO_DEPENDENCIES_CLUSTER_ARN}"}}}
DEPENDENCIES_WORDS = "Amazon EKS orchestrator cluster is missing required dependencies"
PROVISIONING = ("Continuous", None)


def _efa(name: str, *subnets: str) -> Spec:
    own: Spec = {"override_network": specs.network(*subnets)} if subnets else {}
    return specs.group(name, "ml.p5.48xlarge", threads_per_core=2, **own)


def _cpu(name: str, *subnets: str) -> Spec:
    return specs.group(name, "ml.c5.4xlarge", override_network=specs.network(*subnets))


def _continuous(mode: str | None) -> Spec:
    return {"node_provisioning": mode} if mode else {}


SPLIT: dict[str, Spec] = {
    "one group through network": specs.eks("x", _efa("a"), network=specs.network(HERE, THERE)),
    "one group through override_network": specs.eks("x", _efa("a", HERE, THERE)),
    "one group both ways": specs.eks("x", _efa("a", HERE, THERE), network=specs.network(THERE)),
    "two groups in a zone each": specs.eks("x", _efa("a"), _efa("b", THERE)),
    "one spread group beside a sound one": specs.eks("x", _efa("a"), _efa("b", HERE, THERE)),
    "a spread group even with multi_az": specs.eks("x", _efa("a", HERE, THERE), multi_az=True),
}
SOUND: dict[str, Spec] = {
    "override_network saves from a spread network": specs.eks("x", _efa("a", HERE), network=specs.network(HERE, THERE)),
    "groups without EFA may spread": specs.eks("x", _efa("a"), _cpu("b", HERE, THERE)),
    "two zones with multi_az": specs.eks("x", _efa("a"), _efa("b", THERE), multi_az=True),
}


def _refused(watched: Hpctl, folder: Path, spec: Spec, *words: str) -> Ended:
    file = specs.write(folder, spec)
    return watched("cluster", "create", "-f", file, "--yes", *words, ends=ExitCode.CHECKS_FAILED)


@pytest.mark.parametrize("case", SPLIT)
def test_efa_in_two_zones_is_refused_before_anything_is_made(
    case: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    told = _refused(watched, tmp_path, SPLIT[case] | {"name": name})
    assert "network-efa-single-az" in told.err
    assert "Availability Zone" in told.err
    assert "usw2-az1" in told.err
    assert "usw2-az2" in told.err
    assert told.err.splitlines()[-1] == "hint: fix what they name, or leave one out: --skip network-efa-single-az"
    assert (told.out, proxy.mutations) == ("", [])


@pytest.mark.parametrize("case", SOUND)
def test_what_is_in_one_zone_or_meant_so_passes(case: str, hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    report = hpctl("cluster", "check", "-f", specs.write(tmp_path, SOUND[case] | {"name": name}), "-o", "json").json()
    outcomes = {result["id"]: result["outcome"] for result in report["results"]}
    assert outcomes["network-efa-single-az"] == ("warn" if "multi_az" in case else "pass")


def test_config_map_is_refused_before_anything_is_made(watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path) -> None:
    told = _refused(watched, tmp_path, specs.eks(name) | CONFIG_MAP)
    assert "eks-auth-mode" in told.err
    assert "needed: API or API_AND_CONFIG_MAP" in told.err
    assert "aws eks update-cluster-config --region us-west-2 --name hpctl-sandbox-config-map" in told.err
    assert (told.out, proxy.mutations) == ("", [])


def test_all_findings_are_shown_at_once_with_their_places(
    watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    spec = specs.eks(name, _efa("a", HERE, THERE), _efa("b", HERE, THERE)) | CONFIG_MAP
    told = _refused(watched, tmp_path, spec)
    for word in ("eks-auth-mode", "instance group/a", "instance group/b", "at: cluster.yaml:"):
        assert word in told.err
    assert "checks failed: `eks-auth-mode`, `network-efa-single-az`" in _flat(told.err)
    assert proxy.mutations == []


def test_a_machine_is_told_every_finding_on_stdout(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    told = _refused(hpctl, tmp_path, specs.eks(name, _efa("a", HERE, THERE)) | CONFIG_MAP, "-o", "json")
    results = told.json()["checks"]["results"]
    assert {row["id"] for row in results if row["outcome"] == "fail"} == {"eks-auth-mode", "network-efa-single-az"}
    assert told.error()["code"] == "checks_failed"


@pytest.mark.parametrize("mode", PROVISIONING)
def test_config_map_with_the_check_left_out_fails_in_the_words_of_aws(
    mode: str | None, hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    spec = specs.eks(name, **_continuous(mode)) | CONFIG_MAP
    told = _refused(hpctl, tmp_path, spec, "--skip", "eks-auth-mode")
    assert CONFIG_MAP_WORDS in told.err
    assert "cause: " in told.err
    assert "aws eks update-cluster-config" in told.err
    assert "--name hpctl-sandbox-config-map" in told.err
    assert name not in account.statuses()


def test_an_eks_cluster_without_the_chart_is_refused_before_anything_is_made(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    told = _refused(hpctl, tmp_path, specs.eks(name) | NO_DEPENDENCIES)
    assert "checks failed: `eks-helm-deps`" in _flat(told.err)
    assert "missing: DaemonSet *health-monitoring-agent* in namespace aws-hyperpod" in _flat(told.err)
    assert "aws eks update-kubeconfig --region us-west-2 --name hpctl-sandbox-no-dependencies" in _flat(told.err)
    assert "helm install hyperpod-dependencies" in told.err
    assert (told.out, name in account.statuses()) == ("", False)


@pytest.mark.parametrize("mode", PROVISIONING)
def test_a_missing_chart_with_the_check_left_out_fails_in_the_words_of_aws(
    mode: str | None, hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    spec = specs.eks(name, **_continuous(mode)) | NO_DEPENDENCIES
    told = _refused(hpctl, tmp_path, spec, "--skip", "eks-helm-deps")
    assert DEPENDENCIES_WORDS in told.err
    assert "cause: the HyperPod Helm chart is not installed" in told.err
    assert "helm install hyperpod-dependencies" in told.err
    assert name not in account.statuses()


def test_a_kubernetes_that_cannot_be_reached_is_unknown_and_stops_nothing(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    # The sandbox's AWS is plain HTTP, so that the proxy stands before Kubernetes alone.
    outside = hpctl.with_env(HTTPS_PROXY="http://127.0.0.1:9")
    file = specs.write(tmp_path, specs.eks(name))
    report = outside("cluster", "check", "-f", file, "-o", "json").json()
    found = next(row for row in report["results"] if row["id"] == "eks-helm-deps")
    assert (found["outcome"], found["blocking"]) == ("unknown", False)
    assert found["reason"].startswith("could not look: could not reach Kubernetes for `daemonsets.apps`")
    assert "from inside the VPC alone" in found["hint"]
    outside("cluster", "create", "-f", file, "--yes")
    assert account.statuses()[name] == "InService"


def test_a_kubernetes_that_does_not_know_the_caller_says_what_lets_them_in(hpctl: Hpctl, tmp_path: Path) -> None:
    stranger = hpctl.with_env(AWS_ACCESS_KEY_ID="AKIASTRANGER00000000", AWS_SECRET_ACCESS_KEY="none")
    words = ("doctor", "-f", specs.write(tmp_path, specs.eks("x")), "--only", "eks-helm-deps", "-o", "json")
    found = stranger(*words).json()["results"][-1]
    assert (found["id"], found["outcome"]) == ("eks-helm-deps", "unknown")
    assert found["reason"].startswith("could not look: Kubernetes did not accept the credentials")
    assert "aws eks create-access-entry" in found["hint"]


@pytest.mark.parametrize("case", ["network", "override_network"])
@pytest.mark.parametrize("mode", PROVISIONING)
def test_split_efa_with_the_check_left_out_fails_in_the_words_of_aws(
    case: str, mode: str | None, hpctl: Hpctl, name: str, tmp_path: Path
) -> None:
    spec = SPLIT[f"one group through {case}"] | {"name": name} | _continuous(mode)
    told = _refused(hpctl, tmp_path, spec, "--skip", "network-efa-single-az")
    last = told.err[told.err.index("error: ") :]
    assert last.startswith(f"error: cluster `{name}` cannot get into service: {EFA_WORDS}")
    assert "cause: " in last
    assert "security group" in last
    _describe_explains(hpctl, name)


def _describe_explains(hpctl: Hpctl, name: str) -> None:
    found: list[dict[str, Any]] = hpctl("cluster", "describe", name, "-o", "json").json()["diagnoses"]
    diagnosis = next(one for one in found if EFA_WORDS in one["message"])
    assert diagnosis["failure"] == "efa-health-check"
    assert diagnosis["cause"]
    assert diagnosis["remedy"]
    assert EFA_WORDS in _flat(hpctl("cluster", "describe", name).out)


@pytest.mark.parametrize("action", ["ec2:DescribeSubnets", "eks:DescribeCluster"])
def test_a_check_that_could_not_look_stops_and_names_the_action(
    action: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    proxy.deny(action)
    file = specs.write(tmp_path, specs.eks(name))
    told = watched("cluster", "create", "-f", file, "--yes", ends=ExitCode.CHECKS_UNKNOWN)
    assert "unknown" in told.err
    assert f"could not look: AWS denied `{action}`" in _flat(told.err)
    assert f"allow `{action}`" in told.err
    assert proxy.mutations == []


def test_a_check_that_could_not_look_may_be_passed_over(
    watched: Hpctl, proxy: Proxy, account: Account, name: str, tmp_path: Path
) -> None:
    proxy.deny("ec2:DescribeSubnets")
    file = specs.write(tmp_path, specs.eks(name))
    report = watched("cluster", "check", "-f", file, "-o", "json", ends=ExitCode.CHECKS_UNKNOWN).json()
    outcomes = {result["id"]: result["outcome"] for result in report["results"]}
    assert (outcomes["network-ids-exist"], outcomes["network-efa-single-az"]) == ("unknown", "skip")
    watched("cluster", "create", "-f", file, "--yes", "--allow-unknown")
    assert account.statuses()[name] == "InService"


def _flat(text: str) -> str:
    return " ".join(text.split())
