"""kubectl and what runs in pods: logs, exec, attach, port-forward, cp."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pexpect
import pytest

from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import IMAGE, ONE, a_pod
from tests.functional.kubectl.command import EXECUTABLE, PATIENCE_S, Kubectl

WEB = "cd /tmp && echo hi > hi.txt && exec python3 -m http.server 18095"


@pytest.fixture(scope="module")
def house(shared_kubectl: Kubectl) -> Kubectl:
    """kubectl in a namespace with a pod that serves a folder."""
    shared_kubectl.space.make("pods", a_pod(WEB, container={"env": [{"name": "A", "value": "b c"}]}))
    shared_kubectl("wait", "--for=condition=Ready", "pod/one", f"--timeout={PATIENCE_S}s")
    return shared_kubectl


def test_a_log_is_shown_whole_and_in_parts(kubectl: Kubectl) -> None:
    kubectl.space.make("pods", a_pod("seq 1 5"))
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/one", "--timeout=40s")
    assert kubectl("logs", ONE).out == "1\n2\n3\n4\n5\n"
    assert kubectl("logs", ONE, "--tail=2").out == "4\n5\n"
    assert kubectl("logs", ONE, "--since=1h").out == "1\n2\n3\n4\n5\n"
    rows = kubectl("logs", ONE, "--timestamps").rows
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", row[0]) for row in rows)
    assert [row[1] for row in rows] == ["1", "2", "3", "4", "5"]
    assert "previous terminated container" in kubectl("logs", ONE, "--previous", ends=1).err


def test_a_log_is_followed_to_its_end(kubectl: Kubectl) -> None:
    kubectl.space.make("pods", a_pod("for i in 1 2 3; do echo $i; sleep 0.4; done"))
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].started}=true", "pod/one", "--timeout=40s")
    assert kubectl("logs", "-f", ONE).out == "1\n2\n3\n"


def test_the_log_before_a_restart_is_shown(kubectl: Kubectl) -> None:
    script = "if [ -e /kept/mark ]; then echo second; sleep 30; else touch /kept/mark; echo first; exit 1; fi"
    kept = {"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}
    kubectl.space.make(
        "pods", a_pod(script, restartPolicy="OnFailure", container=kept, volumes=[{"name": "kept", "emptyDir": {}}])
    )
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/one", "--timeout=40s")
    assert kubectl("logs", ONE, "--previous").out == "first\n"


def test_a_command_runs_in_a_pod(house: Kubectl) -> None:
    ended = house("exec", ONE, "--", "sh", "-c", 'echo "$A"; echo err >&2; exit 3', ends=3)
    assert ended.out == "b c\n"
    assert ended.err == "err\ncommand terminated with exit code 3\n"


def test_a_command_reads_what_it_is_given(house: Kubectl) -> None:
    text = "".join(f"line {number} é\n" for number in range(20_000))
    assert house("exec", "-i", ONE, "--", "sort", "-r", stdin=text).out == "".join(sorted(text.splitlines(True))[::-1])


def test_a_command_that_there_is_none_of_fails(house: Kubectl) -> None:
    ended = house("exec", ONE, "--", "no-such-program", ends=1)
    assert "no-such-program" in ended.err


def test_a_terminal_has_its_size(house: Kubectl) -> None:
    words = ["--namespace", house.space.name, "exec", "-it", ONE, "--", "sh"]
    env = {**house._environ, "TERM": "xterm"}
    with pexpect.spawn(str(EXECUTABLE), words, env=env, dimensions=(31, 99), timeout=60, encoding="utf-8") as shell:
        shell.expect(r"[#$] ")
        shell.sendline("stty size; test -t 0 && echo is-a-terminal")
        shell.expect("31 99")
        shell.expect("is-a-terminal")
        shell.sendline("exit 7")
        shell.expect(pexpect.EOF)
    assert shell.exitstatus == 7


def test_a_port_is_forwarded(house: Kubectl) -> None:
    with house.started("port-forward", "pod/one", ":18095") as forwarding:
        assert forwarding.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+) -> 18095", forwarding.stdout.readline())
        assert found
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(3):
            with opener.open(f"http://127.0.0.1:{found[1]}/hi.txt", timeout=60) as answer:
                assert answer.read() == b"hi\n"


def test_files_are_copied_there_and_back(house: Kubectl, tmp_path: Path) -> None:
    data = bytes(range(256)) * 2000
    (house.folder / "there.bin").write_bytes(data)
    house("cp", "there.bin", f"{ONE}:/tmp/there.bin")
    assert house("exec", ONE, "--", "wc", "-c", "/tmp/there.bin").out.split()[0] == str(len(data))
    house("cp", f"{ONE}:/tmp/there.bin", "back.bin")
    assert (house.folder / "back.bin").read_bytes() == data


def test_a_pod_is_run_without_a_file(kubectl: Kubectl) -> None:
    words = ("run", ONE, f"--image={IMAGE}", "--restart=Never", "--env=A=b c", "--command", "--")
    assert kubectl(*words, "sh", "-c", 'echo "$A"').out == "pod/one created\n"
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/one", "--timeout=40s")
    assert kubectl("logs", ONE).out == "b c\n"


def test_a_pod_is_run_and_spoken_to_and_gone(kubectl: Kubectl) -> None:
    needs(kubectl.space.cluster, "pods/attach")
    # A process that ends at once may be over before anybody hears it.
    words = ("run", ONE, f"--image={IMAGE}", "--restart=Never", "--rm", "-i", "--quiet", "--command", "--")
    heard = kubectl(*words, "sh", "-c", "sleep 1; read line; echo heard $line; sleep 0.5", stdin="hello\n")
    assert "heard hello" in heard.out
    assert kubectl("get", "pods", "-o", "name").out == ""
