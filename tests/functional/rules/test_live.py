"""What goes wrong with clusters that live is found by `doctor CLUSTER`, named by `explain`, and gone when it ends."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from string import Template
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.conftest import present
from tests.functional.cli.account import Account
from tests.functional.cli.conftest import Sandbox
from tests.functional.kubectl.command import EXECUTABLE
from tests.functional.rules.inside import HpctlInside
from tests.functional.rules.live import OFTEN, REMOVED, STAGED, Removed, Staged
from tests.functional.rules.proof import first_known, unwell
from tests.functional.rules.rule import example

PATIENCE_S = 60.0
LIVING = "rules-living"
pytestmark = pytest.mark.timeout(240)


def look(hpctl: HpctlInside, name: str) -> list[dict[str, Any]]:
    """Return what `doctor` finds."""
    ended = hpctl("doctor", name, "-o", "json", ends=None)
    assert ended.code in (ExitCode.OK, ExitCode.CHECKS_FAILED), ended
    results: list[dict[str, Any]] = ended.json()["results"]
    return results


def until(seen: Callable[[list[dict[str, Any]]], bool], hpctl: HpctlInside, name: str) -> list[dict[str, Any]]:
    """Look again and again, until it is as wanted."""
    end = time.monotonic() + PATIENCE_S
    while not seen(results := look(hpctl, name)):
        assert time.monotonic() < end, unwell(results)
        time.sleep(0.2)
    return results


def remedies(results: list[dict[str, Any]]) -> str:
    return "\n".join(found["remedy"] or "" for row in results for found in row["findings"])


def create(hpctl: HpctlInside, example_name: str, name: str, *words: str) -> None:
    """Create the shipped example under another name; of EKS one node is enough."""
    spec = example(example_name) | {"name": name}
    if example_name == "eks":
        spec["instance_groups"][0]["count"] = 1
    (hpctl.folder / "cluster.json").write_text(json.dumps(spec), encoding="utf-8")
    hpctl("cluster", "create", "-f", "cluster.json", "--yes", *words)


@pytest.fixture
def cluster(account: Account, name: str, inside: HpctlInside) -> Iterator[str]:
    yield name
    inside("sandbox", "inject", "--name", "cli", "--clear")
    account.client("sagemaker").delete_cluster(ClusterName=name)


@pytest.mark.parametrize("row", STAGED, ids=[row.name for row in STAGED])
def test_a_fault_of_nodes_is_found_and_explained_and_ends(row: Staged, inside: HpctlInside, cluster: str) -> None:
    def lasts(results: list[dict[str, Any]]) -> bool:
        return {**row.found, OFTEN: "warn"} == {OFTEN: "warn", **unwell(results)}

    inside("sandbox", "inject", "--name", "cli", row.fault, "--cluster", cluster)
    create(inside, row.example, cluster, "--no-wait")
    results = until(lasts, inside, cluster)
    assert f"known as: {row.known}" in json.dumps(results)
    assert Template(row.remedy).substitute({**inside.env, "NAME": cluster}) in remedies(results)
    told = inside("explain", cluster, "-o", "json", ends=None)
    assert first_known(told.json()) == row.known
    inside("sandbox", "inject", "--name", "cli", "--clear")
    until(lambda found: unwell(found).keys() <= {OFTEN}, inside, cluster)


@pytest.fixture(scope="module")
def living(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HpctlInside]:
    """The command and kubectl, with a healthy cluster on EKS that has the chart's kinds of jobs alone."""
    present(EXECUTABLE, "kubectl", "run `make .venv/.dev`")
    folder = tmp_path_factory.mktemp("living")
    hpctl = HpctlInside({**sandbox.hpctl.env, "KUBECONFIG": str(folder / "config")}, folder)
    operator = "amazon-sagemaker-hyperpod-training-operator"
    sandbox.account.client("eks").delete_addon(clusterName="hpctl-sandbox-api", addonName=operator)
    create(hpctl, "eks", LIVING)
    hpctl("cluster", "connect", LIVING)
    until(lambda found: unwell(found) == {}, hpctl, LIVING)
    yield hpctl
    sandbox.account.client("sagemaker").delete_cluster(ClusterName=LIVING)
    sandbox.account.client("eks").create_addon(clusterName="hpctl-sandbox-api", addonName=operator)


@pytest.mark.parametrize("row", REMOVED, ids=[row.name for row in REMOVED])
def test_what_is_taken_out_of_kubernetes_is_found_and_well_once_it_is_back(row: Removed, living: HpctlInside) -> None:
    kept = kubectl(living, "get", *row.place, "-o", "json")
    kubectl(living, "delete", *row.place)
    results = until(lambda found: unwell(found) == row.found, living, LIVING)
    assert row.remedy in remedies([found for found in results if found["id"] == row.check])
    kubectl(living, "create", "-f", "-", stdin=kept)
    until(lambda found: unwell(found) == {}, living, LIVING)


def kubectl(hpctl: HpctlInside, *words: str, stdin: str = "") -> str:
    """Run kubectl and return what it says."""
    command = [str(EXECUTABLE), *words]
    done = subprocess.run(command, env=hpctl.env, input=stdin, capture_output=True, text=True, check=True, timeout=90)
    return done.stdout
