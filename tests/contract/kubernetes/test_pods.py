"""Pods are processes: how they begin, what they see, how they end, and what is told of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.kubernetes.objects import ONE, a_config_map, a_container, a_pod, an_object
from tests.contract.kubernetes.space import Space, until


def container(pod: dict[str, Any], name: str = "main") -> dict[str, Any]:
    rows = pod.get("status", {}).get("containerStatuses", []) + pod.get("status", {}).get("initContainerStatuses", [])
    found: dict[str, Any] = next((row for row in rows if row["name"] == name), {})
    return found


def condition(pod: dict[str, Any], kind: str) -> str | None:
    return next((row["status"] for row in pod["status"].get("conditions", ()) if row["type"] == kind), None)


def ended(space: Space, name: str = ONE) -> dict[str, Any]:
    found: dict[str, Any] = space.becomes("pods", name, lambda pod: pod["status"]["phase"] in {"Failed", "Succeeded"})
    return found


def ready(space: Space, name: str = ONE) -> dict[str, Any]:
    found: dict[str, Any] = space.becomes("pods", name, lambda pod: condition(pod, "Ready") == "True")
    return found


def log(space: Space, name: str = ONE, **query: Any) -> str:
    answer = space.cluster.get(space.path("pods", name, sub="log"), accept="*/*", **query)
    assert answer.code == 200, answer.body
    return str(answer.body)


def printed(space: Space, pod: dict[str, Any]) -> list[str]:
    """Return what a pod printed, once it has ended well."""
    name = space.make("pods", pod)["metadata"]["name"]
    done = ended(space, name)
    assert done["status"]["phase"] == "Succeeded", (done["status"], log(space, name))
    return log(space, name).splitlines()


def test_a_pod_runs_once_and_is_done(space: Space) -> None:
    made = space.make("pods", a_pod("echo hello"))
    assert (made["status"]["phase"], made["status"]["qosClass"]) == ("Pending", "BestEffort")
    done = ended(space)
    state = container(done)["state"]["terminated"]
    assert (done["status"]["phase"], state["exitCode"], state["reason"]) == ("Succeeded", 0, "Completed")
    assert state["startedAt"] <= state["finishedAt"]
    assert (container(done)["ready"], container(done)["restartCount"]) == (False, 0)
    assert (condition(done, "PodScheduled"), condition(done, "Initialized"), condition(done, "Ready")) == (
        "True",
        "True",
        "False",
    )
    assert done["spec"]["nodeName"] in space.cluster.get("/api/v1/nodes").names
    assert {"hostIP", "startTime"} <= {*done["status"]}
    assert log(space) == "hello\n"


@pytest.mark.parametrize(
    ("script", "code"), [("exit 3", 3), ("sleep 9 & kill -9 $!; wait $!", 137), ("no-such-program", 127)]
)
def test_a_pod_that_fails_says_how(space: Space, script: str, code: int) -> None:
    space.make("pods", a_pod(script))
    done = ended(space)
    state = container(done)["state"]["terminated"]
    assert (done["status"]["phase"], state["exitCode"], state["reason"]) == ("Failed", code, "Error")


def test_a_message_left_behind_is_told(space: Space) -> None:
    script = "printf 'out of luck' > /dev/termination-log; exit 1"
    space.make("pods", a_pod(script))
    assert container(ended(space))["state"]["terminated"]["message"] == "out of luck"


def test_a_container_that_fails_is_started_again(space: Space) -> None:
    script = "if [ -e /kept/mark ]; then echo second; else touch /kept/mark; echo first; exit 7; fi"
    volume: dict[str, Any] = {"volumes": [{"name": "kept", "emptyDir": {}}]}
    mounts = {"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}
    space.make("pods", a_pod(script, restartPolicy="OnFailure", container=mounts, **volume))
    done = ended(space)
    status = container(done)
    assert (done["status"]["phase"], status["restartCount"]) == ("Succeeded", 1)
    assert status["lastState"]["terminated"]["exitCode"] == 7
    assert (log(space), log(space, previous=True)) == ("second\n", "first\n")


def test_a_container_that_goes_on_failing_waits_longer_and_longer(space: Space) -> None:
    space.make("pods", a_pod("exit 1", restartPolicy="Always"))

    def waits(pod: dict[str, Any]) -> bool:
        return bool(container(pod).get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff")

    status = container(space.becomes("pods", ONE, waits))
    assert "back-off 10s restarting failed container=main pod=one_" in status["state"]["waiting"]["message"]
    assert status["restartCount"] >= 1


def test_the_environment_is_as_it_is_written(space: Space) -> None:
    space.make("configmaps", a_config_map(data={"colour": "red", "size": "1"}))
    space.make("secrets", an_object("Secret", stringData={"word": "swordfish $(A) 'x'"}))
    env: list[dict[str, Any]] = [
        {"name": "A", "value": "a b"},
        {"name": "B", "value": "<$(A)> $$(A) $(NONE) ü"},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": ONE, "key": "colour"}}},
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": ONE, "key": "word"}}},
        {"name": "MAYBE", "valueFrom": {"secretKeyRef": {"name": ONE, "key": "none", "optional": True}}},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ]
    script = (
        "for n in A B COLOUR WORD NAME LABEL CPU K_size; do printenv $n; done; printenv MAYBE || echo none; echo $0 $1"
    )
    more = {
        "env": env,
        "envFrom": [{"prefix": "K_", "configMapRef": {"name": ONE}}],
        "resources": {"limits": {"cpu": "1"}},
        "args": ["$(A)", "$(NONE)"],
    }
    pod = a_pod(script, metadata={"labels": {"app": "shown"}}, container=more)
    assert printed(space, pod) == [
        "a b",
        "<a b> $(A) $(NONE) ü",
        "red",
        "swordfish $(A) 'x'",
        "one",
        "shown",
        "1",
        "1",
        "none",
        "a b $(NONE)",
    ]


def test_a_pod_knows_where_it_is(space: Space) -> None:
    fields = {"IP": "status.podIP", "NODE": "spec.nodeName", "SPACE": "metadata.namespace", "UID_": "metadata.uid"}
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}} for name, field in fields.items()]
    lines = printed(space, a_pod("echo $IP $NODE $SPACE $UID_; hostname", container={"env": env}))
    pod = space.get("pods", ONE).good()
    where = [pod["status"]["podIP"], pod["spec"]["nodeName"], space.name, pod["metadata"]["uid"]]
    assert lines == [" ".join(where), ONE]


def test_a_missing_key_keeps_a_container_from_starting(space: Space) -> None:
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "colour"}}}]
    space.make("pods", a_pod('echo "$A"', container={"env": env}))

    def waits(pod: dict[str, Any]) -> bool:
        return bool(container(pod).get("state", {}).get("waiting", {}).get("reason") == "CreateContainerConfigError")

    space.becomes("pods", ONE, waits)
    space.make("configmaps", a_config_map("late"))
    assert ended(space)["status"]["phase"] == "Succeeded"


def test_volumes_hold_what_they_are_made_of(space: Space) -> None:
    space.make("configmaps", a_config_map(data={"colour": "red", "size": "1"}))
    space.make("secrets", an_object("Secret", stringData={"word": "swordfish"}))
    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": ONE, "items": [{"key": "colour", "path": "deep/colour.txt"}]}},
        {"name": "secret", "secret": {"secretName": ONE, "defaultMode": 0o400}},
        {"name": "about", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {
            "name": "both",
            "projected": {"sources": [{"configMap": {"name": ONE}}, {"secret": {"name": ONE}}]},
        },
    ]
    mounts = [{"name": row["name"], "mountPath": f"/v/{row['name']}", "readOnly": True} for row in volumes]
    mounts.append({"name": "both", "mountPath": "/v/size.txt", "subPath": "size"})
    script = """cd /v; cat config/deep/colour.txt; echo; cat secret/word; echo; stat -L -c %a secret/word
    cat about/labels; echo; ls both | xargs; cat size.txt; echo
    touch config/x 2>/dev/null && echo written || echo read-only"""
    pod = a_pod(script, metadata={"labels": {"app": "shown"}}, volumes=volumes, container={"volumeMounts": mounts})
    assert printed(space, pod) == [
        "red",
        "swordfish",
        "400",
        'app="shown"',
        "colour size word",
        "1",
        "read-only",
    ]


def test_containers_of_a_pod_share_a_folder_and_the_loopback(space: Space) -> None:
    mounts = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    serve = "cd /shared && echo hi > hi.txt && python3 -m http.server 18080 --bind 127.0.0.1 2>/dev/null & "
    script = serve + "while [ ! -e /shared/done ]; do sleep 0.1; done; kill $!"
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:18080/hi.txt').read().decode().strip())"
    look = f'until python3 -c "{fetch}" 2>/dev/null; do sleep 0.2; done; touch /shared/done'
    pod = a_pod(script, container=mounts, volumes=[{"name": "shared", "emptyDir": {}}])
    pod["spec"]["containers"].append(a_container(look, "side", **mounts))
    space.make("pods", pod)
    assert ended(space)["status"]["phase"] == "Succeeded"
    assert log(space, container="side") == "hi\n"


def test_init_containers_run_before_in_their_order(space: Space) -> None:
    mounts = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    first = [a_container(f"echo {name} >> /shared/order", name, **mounts) for name in ("first", "second")]
    pod = a_pod(
        "cat /shared/order", container=mounts, initContainers=first, volumes=[{"name": "shared", "emptyDir": {}}]
    )
    assert printed(space, pod) == ["first", "second"]


def test_a_pod_whose_beginning_fails_does_not_begin(space: Space) -> None:
    space.make("pods", a_pod("echo never", initContainers=[a_container("exit 5", "first")]))
    done = ended(space)
    assert (done["status"]["phase"], condition(done, "Initialized")) == ("Failed", "False")
    assert container(done, "first")["state"]["terminated"]["exitCode"] == 5
    assert "waiting" in container(done)["state"]


def test_a_pod_is_ready_when_its_probe_says_so(space: Space) -> None:
    probe = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
    script = "trap 'exit 0' TERM; sleep 2; touch /tmp/ready; sleep 60 & wait"
    space.make("pods", a_pod(script, container={"readinessProbe": probe}))
    running = space.becomes("pods", ONE, lambda pod: "running" in container(pod).get("state", {}))
    assert (container(running)["ready"], container(running)["started"]) == (False, True)
    assert condition(running, "ContainersReady") == "False"
    assert container(ready(space))["ready"] is True


def test_a_container_that_is_not_alive_is_started_again(space: Space) -> None:
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/sick"]}, "periodSeconds": 1, "failureThreshold": 1}
    volume: dict[str, Any] = {"volumes": [{"name": "kept", "emptyDir": {}}]}
    mounts = [{"name": "kept", "mountPath": "/kept"}]
    script = "[ -e /kept/mark ] && exit 0; touch /kept/mark /tmp/sick; sleep 60"
    more = {"livenessProbe": probe, "volumeMounts": mounts}
    space.make("pods", a_pod(script, restartPolicy="OnFailure", container=more, **volume))
    done = ended(space)
    assert (done["status"]["phase"], container(done)["restartCount"]) == ("Succeeded", 1)
    events = space.get("events", fieldSelector="involvedObject.name=one").good()["items"]
    assert {"Killing", "Unhealthy"} <= {item["reason"] for item in events}


@pytest.mark.parametrize("kind", ["tcpSocket", "httpGet"])
def test_a_port_may_be_probed(space: Space, kind: str) -> None:
    probe = {"periodSeconds": 1, kind: {"port": 18081, **({"path": "/"} if kind == "httpGet" else {})}}
    space.make("pods", a_pod("exec python3 -m http.server 18081", container={"readinessProbe": probe}))
    assert container(ready(space))["ready"] is True


def test_what_happens_to_a_pod_is_told_in_events(space: Space) -> None:
    space.make("pods", a_pod("true"))
    ended(space)

    def reasons() -> set[str]:
        events = space.get("events", fieldSelector="involvedObject.name=one,involvedObject.kind=Pod").good()
        return {item["reason"] for item in events["items"]}

    until(reasons, lambda found: {"Scheduled", "Pulled", "Created", "Started"} <= found)


def test_a_pod_that_goes_is_asked_first(space: Space) -> None:
    script = "trap 'echo asked; sleep 0.3; exit 0' TERM; echo up; sleep 60 & wait"
    space.make("pods", a_pod(script, terminationGracePeriodSeconds=20))
    until(lambda: log(space) if container(space.get("pods", ONE).body).get("started") else "", bool)
    path, query = space.path("pods", ONE, sub="log"), {"follow": "true"}
    with space.cluster.opened("GET", path, query=query) as following:
        begun = time.monotonic()
        going = space.cluster.delete(space.path("pods", ONE)).good()
        assert going["metadata"]["deletionGracePeriodSeconds"] == 20
        assert following.read() == b"up\nasked\n"
    space.goes("pods", ONE)
    assert time.monotonic() - begun < 15


def test_a_pod_that_does_not_listen_is_ended(space: Space) -> None:
    space.make("pods", a_pod("trap '' TERM; echo up; while true; do sleep 1; done", terminationGracePeriodSeconds=60))
    until(lambda: log(space) if container(space.get("pods", ONE).body).get("started") else "", bool)
    space.cluster.delete(space.path("pods", ONE), gracePeriodSeconds=1).good()
    space.goes("pods", ONE)


def test_a_pod_has_its_time(space: Space) -> None:
    space.make("pods", a_pod("sleep 60", activeDeadlineSeconds=1))
    done = ended(space)
    assert (done["status"]["phase"], done["status"]["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_folder_in_memory_is_as_large_as_it_may_be(space: Space) -> None:
    volume = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    script = "df -k /dev/shm | tail -1 | xargs | cut -d' ' -f2"
    mounts = [{"name": "shm", "mountPath": "/dev/shm"}]
    assert printed(space, a_pod(script, volumes=[volume], container={"volumeMounts": mounts})) == ["16384"]


def test_more_than_a_node_has_is_not_to_be_had(space: Space) -> None:
    resources = {"limits": {"contract.test/unicorn": "1"}}
    space.make("pods", a_pod("true", container={"resources": resources}))

    def told(pod: dict[str, Any]) -> str:
        rows = pod["status"].get("conditions", ())
        return next((row["message"] for row in rows if row["type"] == "PodScheduled" and row.get("message")), "")

    assert "Insufficient contract.test/unicorn" in told(space.becomes("pods", ONE, told))


def test_pods_reach_each_other_by_address_and_by_name(space: Space) -> None:
    space.make(
        "services",
        an_object("Service", spec={"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}),
    )
    server = a_pod(
        "echo hi > /tmp/hi.txt; cd /tmp; exec python3 -m http.server 18082",
        "server",
        hostname="server",
        subdomain=ONE,
        metadata={"labels": {"app": "web"}},
        container={"readinessProbe": {"tcpSocket": {"port": 18082}, "periodSeconds": 1}},
    )
    space.make("pods", server)
    address = ready(space, "server")["status"]["podIP"]
    names = (address, ONE, f"{ONE}.{space.name}.svc", f"server.{ONE}", f"server.{ONE}.{space.name}.svc.cluster.local")
    look = (
        "import sys, time, urllib.request as r\n"
        "for name in sys.argv[1:]:\n"
        "  for again in range(60):\n"
        "    try:\n"
        "      print(r.urlopen(f'http://{name}:18082/hi.txt', timeout=5).read().decode().strip()); break\n"
        "    except OSError as error:\n"
        "      told = error; time.sleep(0.25)\n"
        "  else:\n"
        "    print(name, told)\n"
    )
    # A pod that is called as the Service is means itself by that name.
    pod = a_pod("", "client")
    pod["spec"]["containers"][0]["command"] = ["python3", "-c", look, *names]
    assert printed(space, pod) == ["hi"] * len(names)
