"""What SkyPilot promises a task of several nodes: barriers, ssh between all of them, and how it ends (0.14.1)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hpctl.spec.job import JobSpec, Resume
from tests.conftest import present
from tests.functional.job.tasks import payload, submit, task
from tests.functional.job.test_one_node import write
from tests.functional.sandbox.kubelet.clusters import Cluster, run

pytestmark = pytest.mark.usefixtures("namespaces")


@pytest.fixture(scope="module")
def sshd() -> None:
    present(Path("/usr/sbin/sshd"), "sshd", "apt-get install openssh-server")


def ended(folder: Path, spec: JobSpec, **pod: str) -> tuple[list[str], list[int], list[str]]:
    """Run a task to its end; returns by rank what it has said, its exit code and its last words."""

    async def scenario(made: Cluster) -> tuple[list[str], list[int], list[str]]:
        submitted = submit(made, spec, pod=pod)
        ranks = range(spec.nodes)
        said = [await submitted.said(rank) for rank in ranks]
        ips = {made.get(submitted.pod(rank))["status"]["podIP"]: f"IP{rank}" for rank in ranks}
        for ip, name in ips.items():
            said = [words.replace(ip, name) for words in said]
        return said, await submitted.codes(), [submitted.last_words(rank) for rank in ranks]

    return run(scenario, folder)


def test_run_begins_nowhere_before_setup_has_ended_everywhere(tmp_path: Path) -> None:
    setup = "[ $SKYPILOT_SETUP_NODE_RANK = 0 ] || sleep 1; date +%s%N; echo $SKYPILOT_SETUP_NODE_IPS"
    said, codes, _ = ended(tmp_path, task("date +%s%N", setup=setup, nodes=3))
    assert codes == [0, 0, 0]
    rows = [words.splitlines() for words in said]
    assert {row[1] for row in rows} == {"IP0 IP1 IP2"}
    assert min(int(row[2]) for row in rows) > max(int(row[0]) for row in rows)


def test_ips_are_in_the_order_of_ranks_and_have_no_end_of_line(tmp_path: Path) -> None:
    run_text = """
        echo $SKYPILOT_NODE_RANK $SKYPILOT_NUM_NODES
        echo "$SKYPILOT_NODE_IPS" | wc -l; echo "$SKYPILOT_NODE_IPS" | head -n1
        for ip in $SKYPILOT_NODE_IPS; do echo $ip; done
    """
    said, _, _ = ended(tmp_path, task(run_text, nodes=2))
    assert [words.splitlines() for words in said] == [[f"{rank} 2", "2", "IP0", "IP0", "IP1"] for rank in range(2)]


@pytest.mark.parametrize("phase", ["setup", "run"])
def test_the_first_script_that_fails_ends_the_others(tmp_path: Path, phase: str) -> None:
    text = "rank=$SKYPILOT_SETUP_NODE_RANK$SKYPILOT_NODE_RANK; [ $rank != 1 ] || exit 3; timeout 90 sleep 80; echo late"
    scripts = {"setup": text, "run": "echo never"} if phase == "setup" else {"run": text}
    began = time.monotonic()
    said, codes, words = ended(tmp_path, task(nodes=3, **scripts))
    assert time.monotonic() - began < 15
    line = f"hpctl: first failure: rank=1 phase={phase} exit=3\n"
    assert codes == [137, 3, 137]
    assert words == [line] * 3
    assert said == [line] * 3


def test_a_rank_that_had_ended_well_is_tried_again_only_with_all_others(tmp_path: Path) -> None:
    text = "[ $SKYPILOT_NODE_RANK != 1 ] || { sleep 1; exit 3; }"
    assert ended(tmp_path / "once", task(text, nodes=2))[1] == [0, 3]
    assert ended(tmp_path / "again", task(text, nodes=2, resume=Resume()))[1] == [137, 3]


@pytest.mark.usefixtures("sshd")
def test_a_node_whose_script_ended_at_once_is_there_until_the_last_has_ended(tmp_path: Path) -> None:
    text = """
        [ $SKYPILOT_NODE_RANK = 0 ] || exit 0
        sleep 2
        for ip in $SKYPILOT_NODE_IPS; do ssh $ip 'echo $(hostname) "$FROM_IMAGE" $(id -un)'; done
        other=$(echo "$SKYPILOT_NODE_IPS" | tail -n1)
        ssh $other "ssh $(hostname -i) hostname"
        echo moved > file && scp -q file $other:/tmp/file && ssh $other 'cat /tmp/file'
        ssh $other 'exit 9'; echo "status $?"
    """
    said, codes, _ = ended(tmp_path, task(text, nodes=2, env={"FROM_IMAGE": "two  words"}))
    assert codes == [0, 0]
    assert said[0].splitlines() == ["task-0 two  words root", "task-1 two  words root", "task-0", "moved", "status 9"]


@pytest.mark.usefixtures("sshd")
def test_an_ssh_session_begins_at_home_with_no_secrets(tmp_path: Path) -> None:
    text = """
        [ $SKYPILOT_NODE_RANK = 0 ] || exit 0
        other=$(echo "$SKYPILOT_NODE_IPS" | tail -n1)
        ssh $other 'echo ${TOKEN-none} ${OWN-none} ${HPCTL_POD_IP-none} $PWD ${OLDPWD-none}'
        kept=/etc/profile.d/container_environment.sh
        echo $TOKEN; . $kept; grep -c secret $kept; true
    """

    async def scenario(made: Cluster) -> str:
        submitted = submit(made, task(text, nodes=2, env={"OWN": "mine"}), payload(secrets={"TOKEN": "secret"}))
        return await submitted.said()

    assert run(scenario, tmp_path).splitlines() == ["none mine none /root none", "secret", "0"]


@pytest.mark.usefixtures("sshd")
def test_a_stranger_of_the_cluster_is_let_in_by_neither_door(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> str:
        submitted = submit(made, task("sleep 4", nodes=2))
        await submitted.says(0, "")
        ip = made.get(submitted.pod(0))["status"]["podIP"]
        script = f"""
            sleep 1.5; ssh-keygen -q -t ed25519 -N '' -f /tmp/key
            ssh -i /tmp/key -o BatchMode=yes -o StrictHostKeyChecking=no root@{ip} hostname 2>&1 | tail -1
            python3 - <<'END'
import socket, json
with socket.create_connection(("{ip}", 26590)) as there:
    lines = there.makefile("rwb")
    nonce = json.loads(lines.readline())
    hello = dict(rank=1, boot="x", ip="x", key="x", codes=dict(run=9), proof="0" * 64)
    lines.write(json.dumps(hello).encode() + b"\\n"); lines.flush()
    print(lines.read())
END
        """
        made.shell("stranger", script)
        said = await made.said("stranger")
        assert await submitted.codes() == [0, 0]
        return said

    refused, answer = run(scenario, tmp_path).splitlines()[-2:]
    assert "Permission denied (publickey)" in refused
    assert answer == "b''"


def test_a_node_that_goes_away_ends_the_task(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> None:
        submitted = submit(made, task("echo up; sleep 90", nodes=3))
        await submitted.says(1, "up")
        made.delete(submitted.pod(1))
        for rank in (0, 2):
            await made.phase(submitted.pod(rank), "Failed")
            assert submitted.last_words(rank) == "hpctl: first failure: rank=1 phase=run exit=143\n"
            assert made.status(submitted.pod(rank))["state"]["terminated"]["exitCode"] == 137

    run(scenario, tmp_path)


@pytest.mark.usefixtures("sshd")
def test_an_image_without_sshd_says_so_and_goes_on(tmp_path: Path) -> None:
    for place in ("usr/sbin/sshd", "usr/local/sbin/sshd"):
        write(tmp_path / "images" / "bare" / place, "")
    said, codes, _ = ended(tmp_path, task("echo ran", nodes=2), image="example.com/bare:1")
    assert codes == [0, 0]
    line = "hpctl: this image has no sshd (openssh-server): no ssh between the nodes\n"
    assert said == [f"{line}ran\n"] * 2


def test_an_image_without_python_says_so(tmp_path: Path) -> None:
    for name in ("python3", "python"):
        write(tmp_path / "images" / "bare" / "usr/bin" / name, "#!/bin/sh\nexit 1\n", 0o755)
        write(tmp_path / "images" / "bare" / "usr/local/bin" / name, "#!/bin/sh\nexit 1\n", 0o755)
    said, codes, words = ended(tmp_path, task("echo ran", nodes=2), image="example.com/bare:1")
    assert codes == [127, 127]
    assert said[0].endswith(
        "hpctl: a task of several nodes needs Python 3.7 or later in its image\n"
        "hpctl: first failure: rank=0 phase=start exit=127\n"
    )
    assert words[1] == "hpctl: first failure: rank=1 phase=start exit=127\n"
