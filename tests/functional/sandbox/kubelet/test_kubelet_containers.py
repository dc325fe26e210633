from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet.clock import Clock
from hpctl.sandbox.kube.ports import LogOptions
from tests.functional.sandbox.kubelet.clusters import DOWN, UP, Cluster, eventually, processes, require_namespaces, run

pytestmark = pytest.mark.functional


@pytest.fixture(params=["apart", "shared"])
def apart(request: pytest.FixtureRequest) -> bool:
    if request.param == "apart":
        require_namespaces()
    return bool(request.param == "apart")


class FastClock(Clock):
    """Waits a hundredth of what it is asked to, and remembers what that was."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return super().monotonic() * 100

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        return await super().wait(event, seconds / 100)


def test_exit_codes_are_told_as_they_are(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> list[tuple[str, int, str]]:
        scripts = {"good": "true", "bad": "exit 3", "killed": "kill -9 $$$$; sleep 9", "sub": "sh -c 'kill -15 $$$$'"}
        if apart:
            # The first process of a PID namespace cannot kill itself.
            del scripts["killed"]
        for name, script in scripts.items():
            made.shell(name, script)
        found = []
        for name in scripts:
            pod = await made.phase(name, "Succeeded", "Failed")
            ended = made.status(name)["state"]["terminated"]
            found.append((pod["status"]["phase"], ended["exitCode"], ended["reason"]))
        return found

    expected = [("Succeeded", 0, "Completed"), ("Failed", 3, "Error")]
    killed = [("Failed", 137, "Error")]
    assert run(scenario, tmp_path, apart=apart) == [*expected, *([] if apart else killed), ("Failed", 143, "Error")]


def test_a_command_that_is_not_there_is_told_of(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[Any, list[tuple[str, str]]]:
        made.pod("typo", "pyhton3", "-V")
        await made.phase("typo", "Failed")
        return made.status("typo")["state"]["terminated"], made.events("typo")

    ended, events = run(scenario, tmp_path, apart=apart)
    assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)
    assert 'exec: "pyhton3": executable file not found in $PATH' in ended["message"]
    assert ("Failed", f"Error: {ended['message']}") in events


def test_a_container_without_command_cannot_be_made(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> Any:
        made.pod("image", image="123456789012.dkr.ecr.us-west-2.amazonaws.com/training:latest")
        await made.until(
            "image", lambda _: made.status("image")["state"]["waiting"]["reason"] == "CreateContainerError"
        )
        return made.get("image")["status"]["phase"], made.status("image")["state"]["waiting"]["message"]

    phase, message = run(scenario, tmp_path, apart=apart)
    assert phase == "Pending"
    assert message == (
        "the hpctl sandbox pulls no images, so the entrypoint of "
        '"123456789012.dkr.ecr.us-west-2.amazonaws.com/training:latest" is not known: '
        "give the container a `command` that this machine has"
    )


def test_what_a_container_refers_to_may_come_later(tmp_path: Path, *, apart: bool) -> None:
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "a"}}}]

    async def scenario(made: Cluster) -> tuple[Any, str]:
        made.shell("early", "echo $A", env=env)
        await made.until("early", lambda _: "waiting" in made.status("early")["state"])
        await made.until("early", lambda _: "message" in made.status("early")["state"]["waiting"])
        waiting = made.status("early")["state"]["waiting"]
        made.create("ConfigMap", "late", data={"a": "there"})
        return waiting, await made.said("early")

    waiting, said = run(scenario, tmp_path, apart=apart, clock=FastClock())
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "late" not found'}
    assert said == "there\n"


def test_a_container_that_fails_is_started_again_later_each_time(tmp_path: Path, *, apart: bool) -> None:
    clock = FastClock()

    async def scenario(made: Cluster) -> tuple[Any, bytes, bytes, list[tuple[str, str]]]:
        counting = "date +%s%N; exit 1"
        made.shell("loop", counting, restartPolicy="Always")
        await made.until("loop", lambda _: made.status("loop")["restartCount"] == 2)
        pod = await made.until("loop", lambda _: "waiting" in made.status("loop")["state"])
        status = made.status("loop")
        assert pod["status"]["phase"] == "Running"
        return status, await made.log("loop"), await made.log("loop", previous=True), made.events("loop")

    status, log, previous, events = run(scenario, tmp_path, apart=apart, clock=clock)
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["state"]["waiting"]["message"].startswith("back-off 20s restarting failed container=main pod=loop_")
    assert (status["lastState"]["terminated"]["exitCode"], status["ready"]) == (1, False)
    assert log == previous != b""
    assert [round(wait, -1) for wait in clock.waits if wait > 5][:2] == [10, 20]
    assert {reason for reason, _ in events} >= {"Created", "Started", "BackOff"}


def test_on_failure_ends_with_the_first_good_run(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[int, bytes]:
        flag = made.folder.parent / "flag" if not apart else Path("/flags/flag")
        volumes = {"volumes": [{"name": "f", "emptyDir": {}}], "volumeMounts": [{"name": "f", "mountPath": "/flags"}]}
        script = f"test -e {flag} && echo second && exit 0; touch {flag}; echo first; exit 1"
        made.shell("twice", script, restartPolicy="OnFailure", **(volumes if apart else {}))
        await made.phase("twice", "Succeeded")
        return made.status("twice")["restartCount"], await made.log("twice", previous=True)

    assert run(scenario, tmp_path, apart=apart, clock=FastClock()) == (1, b"first\n")


def test_init_containers_come_first_and_one_after_another(tmp_path: Path, *, apart: bool) -> None:
    def init(name: str, script: str, **members: Any) -> dict[str, Any]:
        return {"name": name, "image": "x", "command": ["/bin/sh", "-c", script], **members}

    async def scenario(made: Cluster) -> tuple[Any, Any, list[str]]:
        inits = [
            init("one", "sleep 0.3"),
            init("two", "sleep 0.3"),
            init("beside", "trap 'exit 0' TERM; while :; do sleep 0.02; done", restartPolicy="Always"),
        ]
        made.shell("main", "sleep 0.2", initContainers=inits)
        first = await made.until(
            "main", lambda status: status.get("phase") == "Pending" and "containerStatuses" in status
        )
        await made.phase("main", "Succeeded")
        made.shell("never", "true", initContainers=[init("one", "exit 4")])
        await made.phase("never", "Failed")
        return first["status"], made.get("main")["status"], [made.status("never")["state"]["waiting"]["reason"]]

    first, last, never = run(scenario, tmp_path, apart=apart)
    waiting = [each["state"]["waiting"]["reason"] for each in first["containerStatuses"]]
    assert waiting == ["PodInitializing"]
    held = {each["type"]: each for each in first["conditions"]}
    assert held["Initialized"]["message"] == "containers with incomplete status: [one two beside]"
    ends = [each["state"]["terminated"] for each in last["initContainerStatuses"]]
    assert ends[0]["finishedAt"] <= ends[1]["startedAt"]
    assert [each["exitCode"] for each in ends][:2] == [0, 0]
    assert never == ["PodInitializing"]


def test_probes_restart_and_make_ready(tmp_path: Path, *, apart: bool) -> None:
    folder = "/tmp" if apart else str(tmp_path)

    def exists(name: str, **members: Any) -> dict[str, Any]:
        return {"exec": {"command": ["test", "-e", f"{folder}/{name}"]}, "periodSeconds": 1, **members}

    async def scenario(made: Cluster) -> tuple[list[str], list[tuple[str, str]]]:
        probes = {
            "startupProbe": exists("started", failureThreshold=90),
            "readinessProbe": exists("ready", failureThreshold=1),
            "livenessProbe": exists("started", failureThreshold=3),
        }
        made.shell("probed", "trap 'exit 0' TERM; while :; do sleep 0.02; done", restartPolicy="Always", **probes)
        seen = []

        async def see(script: str, holds: Any) -> None:
            await made.sh("probed", script)
            await made.until("probed", lambda _: holds(made.status("probed")))
            status = made.status("probed")
            seen.append(f"{status['started']} {status['ready']} {status['restartCount']}")

        await made.phase("probed", "Running")
        await see("true", lambda status: not status["started"] and _unstarted(made.events("probed")))
        await see(f"touch {folder}/started", lambda status: status["started"])
        await see(f"touch {folder}/ready", lambda status: status["ready"])
        await see(f"rm {folder}/ready", lambda status: not status["ready"])
        await see(f"rm {folder}/started", lambda status: status["restartCount"] == 1)
        return seen, made.events("probed")

    seen, events = run(scenario, tmp_path, apart=apart, clock=FastClock())
    assert seen[:4] == ["False False 0", "True False 0", "True True 0", "True False 0"]
    assert seen[4].endswith(" 1")
    assert ("Killing", "Container main failed liveness probe, will be restarted") in events
    assert _unstarted(events)


def _unstarted(events: list[tuple[str, str]]) -> bool:
    return any(reason == "Unhealthy" and text.startswith("Startup probe failed") for reason, text in events)


@pytest.mark.parametrize(("path", "ready"), [("/", True), ("/nothing", False)])
def test_a_probe_speaks_http(tmp_path: Path, path: str, ready: bool, *, apart: bool) -> None:
    port = 18431 if not apart else 8000
    probe = {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    ports = [{"name": "http", "containerPort": port}]

    async def scenario(made: Cluster) -> Any:
        made.pod("web", "python3", "-m", "http.server", str(port), readinessProbe=probe, ports=ports)
        word = "HTTP probe failed with statuscode: 404"
        await made.until(
            "web", lambda _: made.status("web")["ready"] or any(word in text for _, text in made.events("web"))
        )
        made.delete("web", 0)
        return made.events("web")

    failed = ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")
    assert (failed not in run(scenario, tmp_path, apart=apart, clock=FastClock())) is ready


@pytest.mark.parametrize(
    ("script", "grace_s", "status"),
    [
        ("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done", 30, 7),
        ("trap '' TERM; echo up; while :; do sleep 0.02; done", 1, 137),
    ],
)
def test_a_pod_that_is_deleted_has_its_time(
    tmp_path: Path, script: str, grace_s: int, status: int, *, apart: bool
) -> None:
    async def scenario(made: Cluster) -> list[int]:
        ends: list[int] = []
        made.shell("going", script, terminationGracePeriodSeconds=grace_s)
        await made.until("going", lambda status: status.get("phase") == "Running")
        following = made.kubelet.log(made.get("going"), "main", LogOptions(follow=True))
        assert await anext(following) == b"up\n"
        told = made.api.watch(made.api.resource("v1", "Pod"))
        made.delete("going")
        async for event in told:
            for each in event.object["status"].get("containerStatuses", ()):
                ends += [each["state"]["terminated"]["exitCode"]] if "terminated" in each["state"] else []
            if event.change.value == "DELETED":
                break
        assert ("Killing", "Stopping container main") in made.events("going")
        return ends

    assert run(scenario, tmp_path, apart=apart)[-1] == status


def test_hooks_run_before_and_after(tmp_path: Path, *, apart: bool) -> None:
    place = "/tmp" if apart else str(tmp_path)

    def hook(script: str) -> dict[str, Any]:
        return {"exec": {"command": ["/bin/sh", "-c", script]}}

    async def scenario(made: Cluster) -> bytes:
        script = f"trap 'cat {place}/hooks; exit 0' TERM; touch {place}/trapped; while :; do sleep 0.02; done"
        # A container is ready once its postStart has ended, however far its own command has come.
        post = f"while ! [ -e {place}/trapped ]; do sleep 0.01; done; echo post > {place}/hooks"
        lifecycle = {"postStart": hook(post), "preStop": hook(f"echo pre >> {place}/hooks")}
        made.shell("hooked", script, lifecycle=lifecycle)
        await made.until("hooked", lambda _: made.status("hooked")["ready"])
        pod = made.get("hooked")
        from hpctl.sandbox.kube.ports import LogOptions

        following = made.kubelet.log(pod, "main", LogOptions(follow=True))
        made.delete("hooked")
        return b"".join([part async for part in following])

    assert run(scenario, tmp_path, apart=apart) == b"post\npre\n"


def test_last_words_are_kept(tmp_path: Path) -> None:
    require_namespaces()

    async def scenario(made: Cluster) -> tuple[str, str]:
        made.shell("words", "echo why > /dev/termination-log; exit 1")
        made.shell("log", "echo from the log; exit 1", terminationMessagePolicy="FallbackToLogsOnError")
        for name in ("words", "log"):
            await made.phase(name, "Failed")
        return tuple(made.status(name)["state"]["terminated"]["message"] for name in ("words", "log"))

    assert run(scenario, tmp_path) == ("why\n", "from the log\n")


def test_a_pod_past_its_deadline_fails(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> Any:
        made.shell("slow", "sleep 98", activeDeadlineSeconds=1, terminationGracePeriodSeconds=0)
        return (await made.phase("slow", "Failed"))["status"]

    status = run(scenario, tmp_path, apart=apart)
    assert status["reason"] == "DeadlineExceeded"
    assert status["message"] == "Pod was active on the node longer than the specified deadline"


def test_a_node_that_is_down_takes_its_processes_along(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[Any, Any]:
        made.shell("lasting", "exec sleep 97.25", restartPolicy="Always")
        made.shell("once", "exec sleep 97.5")
        for name in ("lasting", "once"):
            await made.phase(name, "Running")
        made.node_is(DOWN)
        await eventually(lambda: not processes("sleep 97.25") and not processes("sleep 97.5"))
        assert made.get("lasting")["status"]["phase"] == "Running"
        made.node_is(UP)
        await made.until("lasting", lambda _: made.status("lasting")["restartCount"] == 1)
        await made.until("lasting", lambda _: "running" in made.status("lasting")["state"])
        await made.phase("once", "Failed")
        return made.status("lasting")["lastState"], made.status("once")["state"]

    lasting, once = run(scenario, tmp_path, apart=apart)
    assert (lasting["terminated"]["exitCode"], lasting["terminated"]["reason"]) == (255, "Unknown")
    assert once["terminated"]["exitCode"] == 255
    assert not processes("sleep 97.25")
