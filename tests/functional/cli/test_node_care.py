"""Reboots, replacements and logs of nodes through the real command, against the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from hpctl.sandbox.slurm.installed import why_not
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl

pytestmark = pytest.mark.timeout(240)  # several runs of the command, on a machine that may be busy


def nodes_of(account: Account, name: str, group: str) -> list[str]:
    rows = account.client("sagemaker").list_cluster_nodes(ClusterName=name)["ClusterNodeSummaries"]
    return sorted(row["InstanceId"] for row in rows if row["InstanceGroupName"] == group)


def test_nodes_are_rebooted_replaced_and_told_of(hpctl: Hpctl, account: Account, name: str, tmp_path: Path) -> None:
    hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    on = ("--cluster", name)
    one, other = nodes_of(account, name, "workers")
    (head,) = nodes_of(account, name, "controller")

    asked = hpctl("node", "reboot", one, *on, ends=ExitCode.UNCONFIRMED)
    assert "hint: add --yes" in asked.err

    rebooted = hpctl("node", "reboot", "workers/0", head, *on, "--yes")
    assert "is the Slurm controller: nobody can submit or look at jobs until it is back" in rebooted.err
    assert f"the nodes of cluster `{name}` are back" in rebooted.out
    assert nodes_of(account, name, "workers") == [one, other]

    unpatched = hpctl("node", "replace", one, *on, "--yes", ends=ExitCode.CHECKS_FAILED)
    assert f"hpctl cluster update-software {name}" in unpatched.err
    hpctl("cluster", "update-software", name, "--yes")

    refused = hpctl("node", "replace", one, head, *on, "--yes", ends=ExitCode.USAGE)
    assert f"hint: to start it anew, with its volumes: hpctl node reboot {head}" in refused.err
    assert nodes_of(account, name, "workers") == [one, other]

    replacing = hpctl("node", "replace", one, *on, "--yes", "-o", "json")
    replaced = replacing.json()
    assert (replaced["verb"], replaced["result"]) == ("replace", "done")
    # Slurm is asked where the sandbox has one, and has let jobs come to the new node.
    assert ("takes no jobs" in replacing.err, "cannot be seen" in replacing.err) == (False, bool(why_not()))
    now = nodes_of(account, name, "workers")
    assert (one in now, other in now, len(now)) == (False, True, 2)
    gone = hpctl("node", "reboot", one, *on, "--yes", ends=ExitCode.NOT_FOUND)
    assert f"has no node `{one}`" in gone.err

    told = hpctl("node", "logs", other, *on, "--source", "lifecycle", "--tail", "1")
    assert told.out == "[lifecycle] [SageMaker] The lifecycle scripts succeeded.\n"
    silent = hpctl("node", "logs", other, *on, "--source", "deep-health-check")
    assert (silent.out, "no deep health check of it is on record" in silent.err) == ("", True)
