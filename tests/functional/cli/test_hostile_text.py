"""Text from elsewhere never commands the terminal: not from AWS, not from a file, not from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.command import Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.screen import Screen

HOSTILE = "[/foo][bold red]\x1b]52;c;aGkh\x07\x1b[2J\x1b[1;1H\x9b31m\u202egpj.exe\x7f\x08{0}%s"
COMMANDS = ("\x1b]", "\x1b[2J", "\x1b[1;1H", "\x9b", "\u202e", "\x7f", "\x08", "\x07")
EFA_WORDS = "EFA health checks did not run successfully"

PLACES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "cluster names": ("sagemaker:ListClusters", "looked-at", ("cluster", "list")),
    "group names": ("sagemaker:DescribeCluster", "controller", ("cluster", "describe", "looked-at")),
    "cluster statuses": ("sagemaker:DescribeCluster", "InService", ("cluster", "describe", "looked-at")),
    "node statuses": ("sagemaker:ListClusterNodes", "Running", ("node", "list", "--cluster", "looked-at")),
    "event descriptions": ("sagemaker:ListClusterEvents", "creation started", ("cluster", "events", "looked-at")),
    "failure messages": ("sagemaker:DescribeClusterEvent", EFA_WORDS, ("cluster", "events", "broken")),
}


def _harmless(text: str) -> None:
    assert [command for command in COMMANDS if command in text] == []
    assert "[/foo]" in text
    assert "\\x1b]52;c;aGkh\\x07" in text


@pytest.fixture(scope="module")
def broken(sandbox: Sandbox) -> str:
    """A cluster whose nodes fail: its EFA group spans two zones."""
    account, seed = sandbox.account, sandbox.account.seed
    group = {
        "InstanceGroupName": "workers",
        "InstanceType": "ml.p5.48xlarge",
        "InstanceCount": 1,
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
        "ExecutionRole": seed["EXECUTION_ROLE"],
    }
    network = {"Subnets": [seed["SUBNET_ID"], seed["OTHER_SUBNET_ID"]], "SecurityGroupIds": [seed["SECURITY_GROUP"]]}
    account.create("broken", InstanceGroups=[group], VpcConfig=network, NodeProvisioningMode="Continuous")
    account.fail("broken")
    return "broken"


@pytest.mark.scorecard(53)
@pytest.mark.parametrize("place", PLACES)
def test_what_aws_says_is_shown_and_not_obeyed(
    place: str, watched: Hpctl, proxy: Proxy, cpu_cluster: str, broken: str
) -> None:
    action, old, words = PLACES[place]
    proxy.replace(action, old, HOSTILE)
    _shown_and_not_obeyed(watched, words)


def test_what_aws_says_of_a_failed_node_is_shown_and_not_obeyed(watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> None:
    proxy.edit("sagemaker:ListClusterNodes", _fail_all)
    _shown_and_not_obeyed(watched, ("cluster", "describe", cpu_cluster))


def _fail_all(page: dict[str, Any]) -> None:
    for row in page["ClusterNodeSummaries"]:
        row["InstanceStatus"] = {"Status": "Failure", "Message": HOSTILE}


def _shown_and_not_obeyed(watched: Hpctl, words: tuple[str, ...]) -> None:
    piped = watched(*words)
    _harmless(piped.out)
    assert "\x1b" not in piped.out + piped.err
    with Screen(watched, *words) as screen:
        assert screen.end() == ExitCode.OK
    _harmless_on_screen(screen)
    data = watched(*words, "-o", "json")
    assert HOSTILE in _strings(data.json())
    assert data.out.replace("\n", "").isprintable()


def _harmless_on_screen(screen: Screen) -> None:
    raw = screen.raw.decode()
    assert [command for command in COMMANDS if command in raw] == []
    assert "[/foo]" in "".join(screen.lines)


def _strings(value: object) -> str:
    match value:
        case str():
            return value
        case dict():
            return "\0".join(map(_strings, (*value, *value.values())))
        case list():
            return "\0".join(map(_strings, value))
        case _:
            return ""


@pytest.mark.scorecard(53)
@pytest.mark.parametrize("action", ["sagemaker:DescribeCluster", "sagemaker:ListClusterEvents"])
def test_progress_shows_and_does_not_obey(action: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path) -> None:
    proxy.replace(action, "controller" if action.endswith("Cluster") else "creation started", HOSTILE)
    with Screen(watched, "cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes") as screen:
        assert screen.end() == ExitCode.OK
    shown = screen.raw.decode()
    assert "[/foo]" in shown
    assert [command for command in COMMANDS if command in shown and command != "\x1b[2J"] == []


def _aws_error(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    proxy.say("sagemaker:ListClusters", "ValidationException", HOSTILE)
    return ("cluster", "list"), ExitCode.CHECKS_FAILED


def _spec_key(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    text = json.dumps({"api_version": "hpctl/v1", "kind": "Cluster", "name": "a", HOSTILE: 1})
    (folder / "cluster.yaml").write_text(text, encoding="utf-8")
    return ("cluster", "plan", "-f", "cluster.yaml"), ExitCode.USAGE


def _spec_value(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    text = json.dumps({"api_version": "hpctl/v1", "kind": "Cluster", "name": HOSTILE})
    (folder / "cluster.yaml").write_text(text, encoding="utf-8")
    return ("cluster", "plan", "-f", "cluster.yaml"), ExitCode.USAGE


def _cluster_argument(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    proxy.say("sagemaker:DescribeCluster", "ResourceNotFound", HOSTILE)
    return ("cluster", "describe", HOSTILE), ExitCode.NOT_FOUND


def _file_argument(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    return ("cluster", "plan", "-f", HOSTILE), ExitCode.USAGE


def _set_argument(proxy: Proxy, folder: Path) -> tuple[tuple[str, ...], ExitCode]:
    return ("cluster", "plan", "-f", specs.write(folder, specs.slurm("a")), "--set", HOSTILE), ExitCode.USAGE


SOURCES: tuple[Callable[[Proxy, Path], tuple[tuple[str, ...], ExitCode]], ...] = (
    _aws_error,
    _spec_key,
    _spec_value,
    _cluster_argument,
    _file_argument,
    _set_argument,
)


@pytest.mark.scorecard(53)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__.strip("_"))
def test_an_error_shows_and_does_not_obey(
    source: Callable[[Proxy, Path], tuple[tuple[str, ...], ExitCode]], watched: Hpctl, proxy: Proxy, tmp_path: Path
) -> None:
    words, code = source(proxy, tmp_path)
    piped = watched(*words, ends=code)
    _harmless(piped.err)
    assert "\x1b" not in piped.err
    with Screen(watched, *words) as screen:
        assert screen.end() == code
    _harmless_on_screen(screen)
    machine = watched(*words, "-o", "json", ends=code).err.splitlines()[-1]
    assert machine.isprintable()
    assert HOSTILE in _strings(json.loads(machine))
