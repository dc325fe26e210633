from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hpctl.sandbox.kube.ports import LogOptions
from tests.functional.sandbox.kubelet import serving
from tests.functional.sandbox.kubelet.clusters import (
    PATIENCE_S,
    Cluster,
    cluster,
    eventually,
    processes,
    require_namespaces,
    run,
)

pytestmark = [
    pytest.mark.functional,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for leftovers in /proc"),
]


_FOLLOW = LogOptions(follow=True)


@pytest.fixture(params=["apart", "shared"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "apart":
        require_namespaces()
    return str(request.param)


@contextmanager
def server(folder: Path, kind: str, marker: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, serving.__file__, str(folder), kind, marker]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def machine() -> tuple[list[str], list[str]]:
    """What of namespaces would show on the machine: its links, and its mounts."""
    links = sorted(each.name for each in Path("/sys/class/net").iterdir())
    return links, sorted(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())


def at_last(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def eventually_none(marker: str) -> None:
    at_last(lambda: not processes(marker))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_the_server(tmp_path: Path, kind: str, how: signal.Signals) -> None:
    before, marker = machine(), f"94.{how:02}{kind == 'apart':d}1"
    with server(tmp_path, kind, marker) as (process, said):
        assert said == "up 0\n"
        at_last(lambda: len(processes(f"sleep {marker}")) == 4)
        assert machine() == before
        process.send_signal(how)
        process.wait()
        eventually_none(marker)
    assert machine() == before
    assert not processes(f"kubelet.runtime {marker}")


def test_nothing_outlives_the_runtime_and_its_pods_are_started_again(tmp_path: Path) -> None:
    require_namespaces()

    async def scenario(made: Cluster) -> int:
        made.create("Service", "web", spec={"clusterIP": "172.20.7.7", "ports": [{"port": 80}]})
        made.shell("a", "sleep 93.25; :", restartPolicy="Always")
        await made.until("a", lambda _: made.status("a")["state"]["running"])
        (inner,) = [each for each in processes("kubelet.runtime") if _child_of_first(each, "sleep 93.25")]
        os.kill(int(inner), signal.SIGKILL)
        await made.until("a", lambda _: made.status("a")["restartCount"] == 1 and made.status("a")["state"]["running"])
        assert (await made.sh("a", "getent hosts web"))[1].split()[0] == "172.20.7.7"
        await eventually(lambda: len(processes("sleep 93.25")) >= 2)
        return len(processes("sleep 93.25"))

    # The shell and what it has started, once and not twice.
    assert run(scenario, tmp_path) == 2


def _child_of_first(runtime: str, marker: str) -> bool:
    for each in processes(marker):
        parent = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[1]
        if parent == runtime:
            return True
    return False


def test_what_a_killed_server_has_left_is_swept_and_its_pods_go_on(tmp_path: Path, kind: str) -> None:
    with server(tmp_path, kind, "92.125") as (process, _):
        process.kill()
        process.wait()
    eventually_none("92.125")
    left = tmp_path / "one" / "pods" / "of-nobody"
    (left / "containers" / "main" / "0" / "upper").mkdir(parents=True)
    own = next(each for each in (tmp_path / "one" / "pods").iterdir() if each != left)
    assert (own / "containers" / "main" / "0").is_dir()
    with server(tmp_path, kind, "92.125") as (_, said):
        assert said == "up 1\n"
        assert not left.exists()
        assert not (own / "containers" / "main" / "0").exists()
        assert (own / "logs" / "main" / "0.000001.log").exists()
    eventually_none("92.125")


def test_a_pod_that_is_deleted_leaves_no_folder(tmp_path: Path, kind: str) -> None:
    async def scenario(made: Cluster) -> None:
        made.shell("a", "echo one; sleep 91.5")
        await made.phase("a", "Running")
        made.delete("a", 0)
        await made.gone("a")
        await eventually(lambda: not list((made.folder / "pods").iterdir()) and not processes("sleep 91.5"))

    run(scenario, tmp_path, apart=kind == "apart")


def test_two_sandboxes_do_not_meet(tmp_path: Path) -> None:
    require_namespaces()

    async def both() -> tuple[str, str, bytes, bytes]:
        async with cluster(tmp_path, name="one") as one, cluster(tmp_path, name="two") as two:
            listening = "import socket,time; s = socket.create_server(('', 9001)); print('{}'); time.sleep(60)"
            for made, name in ((one, "one"), (two, "two")):
                made.pod("server", "python3", "-u", "-c", listening.format(name))
                await made.phase("server", "Running")
            addresses = [made.get("server")["status"]["podIP"] for made in (one, two)]
            logs = []
            for made in (one, two):
                async for part in made.kubelet.log(made.get("server"), "main", _FOLLOW):
                    logs.append(part)
                    break
            return addresses[0], addresses[1], logs[0], logs[1]

    first, second, one, two = asyncio.run(both())
    assert first == second
    assert (one, two) == (b"one\n", b"two\n")


def test_an_idle_cluster_costs_nothing(tmp_path: Path, kind: str) -> None:
    async def scenario(made: Cluster) -> float:
        made.shell("a", "sleep 91.25")
        await made.phase("a", "Running")
        await asyncio.sleep(0.5)
        before = time.process_time()
        await asyncio.sleep(2)
        return time.process_time() - before

    assert run(scenario, tmp_path, apart=kind == "apart") < 0.05
