"""Nodes are machines: names, addresses, processes and files of their own, and what becomes of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.functional.sandbox.running import sandbox, until
from tests.functional.sandbox.sessions.conftest import NAME, TERMINAL, Nodes, statuses


def name_of(nodes: Nodes, instance_id: str) -> str:
    told = nodes.sagemaker.describe_cluster_node(ClusterName=NAME, NodeId=instance_id)["NodeDetails"]
    return f"ip-{told['PrivatePrimaryIp'].replace('.', '-')}"


def test_nodes_have_names_processes_and_files_of_their_own(machines: Nodes) -> None:
    first, second = machines.target(0), machines.target(1)
    names = [name_of(machines, row["InstanceId"]) for row in machines.rows()]
    assert [machines.run("hostname", each).decode().strip() for each in (first, second)] == names
    assert machines.run("ps -p 1 -o comm=", first) == b"sh\n"
    machines.run("touch /tmp/mine /etc/mine ~/mine", first)
    assert machines.run("ls /tmp/mine /etc/mine ~/mine 2>/dev/null || true", second) == b""
    assert not Path("/etc/mine").exists()
    assert machines.run("getent hosts " + names[1], first).split()[0].decode() == names[1][3:].replace("-", ".")


def test_nodes_share_fsx_and_reach_each_other_by_ssh(machines: Nodes) -> None:
    first, second = machines.target(0), machines.target(1)
    key = "mkdir -p -m 700 ~/.ssh; ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id; cp ~/.ssh/id.pub ~/.ssh/authorized_keys"
    machines.run(f'su ubuntu -c "{key}; echo whole > /fsx/ubuntu/shared"', first)
    name = machines.run("hostname", first).decode().strip()
    ssh = f"ssh -i ~/.ssh/id -o BatchMode=yes -o StrictHostKeyChecking=no {name}"
    remote = f"{ssh} 'hostname; id -un; cat /fsx/ubuntu/shared; exit 5'"
    said = machines.run(f'su ubuntu -c "{remote}; echo \\$?" 2>/dev/null', second)
    assert said.decode().split() == [name, "ubuntu", "whole", "5"]


def test_a_node_knows_its_cluster_as_hyperpod_tells_it(machines: Nodes) -> None:
    told = json.loads(machines.run("cat /opt/ml/config/resource_config.json"))
    groups = {group["Name"]: [each["InstanceId"] for each in group["Instances"]] for group in told["InstanceGroups"]}
    assert told["ClusterType"] == "Slurm"
    assert sorted(groups["workers"]) == [row["InstanceId"] for row in machines.rows()]
    assert machines.run("ls -d /opt/sagemaker_cluster; wc -l < /var/log/provision/provisioning.log").split()[0]


def test_a_node_sees_neither_the_homes_nor_the_keys_of_this_machine(machines: Nodes) -> None:
    for folder in (Path.home(), machines.aws.state.home):
        there = {each.name for each in Path(folder).iterdir()} if Path(folder).exists() else set()
        seen = machines.run(f"ls -A {folder} 2>/dev/null || true").decode().split()
        assert not there & set(seen), folder
    hashes = machines.run("cut -d: -f2 /etc/shadow | sort -u")
    assert hashes == b"*\n"


def test_a_rebooted_node_loses_its_processes_and_a_replaced_one_everything(machines: Nodes) -> None:
    first = machines.target(0)
    instance = first.rpartition("workers-")[2]
    machines.run("echo kept > /home/kept; (setsid sleep 4711 >/dev/null 2>&1 &)", first)
    machines.sagemaker.batch_reboot_cluster_nodes(ClusterName=NAME, NodeIds=[instance])
    until(lambda: statuses(machines.sagemaker), lambda found: found == ["Running"] * 3)
    assert machines.run("cat /home/kept; ps -eo args | grep -c '[s]leep 4711' || true", first) == b"kept\n0\n"

    # Nodes of a cluster are replaced only after its software was updated once, which rewrites their root volumes.
    machines.sagemaker.update_cluster_software(ClusterName=NAME)
    until(lambda: statuses(machines.sagemaker), lambda found: found != ["Running"] * 3)
    until(lambda: statuses(machines.sagemaker), lambda found: found == ["Running"] * 3)
    assert machines.run("ls /home/kept 2>/dev/null; echo looked", first) == b"looked\n"
    machines.run("echo kept > /home/kept", first)
    machines.sagemaker.batch_replace_cluster_nodes(ClusterName=NAME, NodeIds=[instance])
    known = {row["InstanceId"] for row in machines.rows()}
    until(lambda: {row["InstanceId"] for row in machines.rows()}, lambda now: len(now) == 2 and instance not in now)
    until(lambda: statuses(machines.sagemaker), lambda found: found == ["Running"] * 3)
    (new,) = {row["InstanceId"] for row in machines.rows()} - known
    target = first.replace(instance, new)
    assert machines.run("ls /home/kept 2>/dev/null; echo looked", target) == b"looked\n"


def test_nothing_of_a_sandbox_runs_once_it_is_down(machines: Nodes, tmp_path: Path) -> None:
    with sandbox(tmp_path, "short") as aws:
        sagemaker = aws.client("sagemaker")
        arn = sagemaker.create_cluster(**aws.on_slurm(NAME))["ClusterArn"]
        until(lambda: statuses(sagemaker), lambda found: found == ["Running"] * 3)
        nodes = Nodes(aws, aws.client("ssm"), sagemaker, arn.rpartition("/")[2])
        nodes.start(TERMINAL, command="sleep 86397")
        assert nodes.run("echo up; (setsid sleep 86397 >/dev/null 2>&1 &)") == b"up\n"
        assert running("sleep 86397")
    until(lambda: running("sleep 86397"), lambda found: not found)


def running(program: str) -> list[str]:
    rows = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [row for row in rows if row.startswith(program)]
