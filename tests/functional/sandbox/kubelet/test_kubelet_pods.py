from __future__ import annotations

import os
import stat
import time
from copy import deepcopy
from pathlib import Path

import pytest

from tests.functional.sandbox.kubelet.clusters import HOST, NODE, Cluster, require_namespaces, run

pytestmark = [pytest.mark.functional, pytest.mark.usefixtures("namespaces")]


@pytest.fixture(scope="module")
def namespaces() -> None:
    require_namespaces()


def test_pods_find_each_other_by_the_names_of_services(tmp_path: Path) -> None:
    server = (
        "import socket; s = socket.create_server(('', 9000))\nwhile True: c, a = s.accept(); c.sendall(a[0].encode())"
    )
    ask = """
import socket
for place in (('web', 9000), ('web.default.svc.cluster.local', 9000), ('front', 80), ('zero.web', 9000)):
    with socket.create_connection(place, 5) as there: print(place[0], there.recv(99).decode())
"""

    async def scenario(made: Cluster) -> None:
        labels, ports = {"app": "web"}, [{"port": 9000}]
        made.create("Service", "web", spec={"clusterIP": "None", "selector": labels, "ports": ports})
        made.create("Service", "front", spec={"selector": labels, "ports": [{"port": 80, "targetPort": 9000}]})
        made.pod("a", "python3", "-c", server, labels=labels, hostname="zero", subdomain="web")
        first = await made.phase("a", "Running")
        made.pod("b", "python3", "-c", f"import time; time.sleep(0.5){ask}")
        said = await made.said("b")
        own = made.get("b")["status"]["podIP"]
        assert first["status"]["hostIP"] == HOST
        assert first["status"]["podIP"] != own
        front = first["status"]["podIP"]
        lines = dict(line.split() for line in said.splitlines())
        assert lines == {"web": own, "web.default.svc.cluster.local": own, "zero.web": own, "front": front}

    run(scenario, tmp_path)


def test_a_name_that_nobody_has_is_said_to_be_unknown_until_somebody_has_it(tmp_path: Path) -> None:
    # Without an answer each look would take a resolver's 5 s, and say that it had failed for the time being.
    look = "python3 -c 'import socket; socket.getaddrinfo(\"zero.web\", 80)' 2>&1 | tail -1"
    over_tcp = "RES_OPTIONS=use-vc getent hosts web"
    script = f"""
        {look}; getent hosts web nobody example.com; echo $?; touch /tmp/asked
        until getent hosts zero.web >/dev/null; do sleep 0.1; done
        {over_tcp} | cut -d' ' -f1
    """

    async def scenario(made: Cluster) -> None:
        made.create("Service", "web", spec={"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]})
        made.shell("asks", script)
        await made.phase("asks", "Running")
        await made.sh("asks", "until [ -e /tmp/asked ]; do sleep 0.1; done")
        made.shell("late", "sleep 60", labels={"app": "web"}, hostname="zero", subdomain="web")
        found = (await made.phase("late", "Running"))["status"]["podIP"]
        said = await made.said("asks")
        assert said.splitlines() == ["socket.gaierror: [Errno -2] Name or service not known", "2", found]

    run(scenario, tmp_path)


def test_a_pod_has_its_own_name_and_address_and_no_way_out(tmp_path: Path) -> None:
    script = """
        hostname; getent hosts "$(hostname)" | cut -d' ' -f1; cat /proc/sys/kernel/hostname
        python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 5)' 2>&1 | tail -1
        cut -f2 /proc/net/route | grep -c 00000000; echo $(ls /sys/class/net); cat /etc/resolv.conf
    """

    async def scenario(made: Cluster) -> tuple[str, str]:
        made.shell("trainer", script)
        return await made.said("trainer"), made.get("trainer")["status"]["podIP"]

    said, address = run(scenario, tmp_path)
    name, own, kernel, refused, *rest = said.splitlines()
    assert (name, own, kernel) == ("trainer", address, "trainer")
    assert refused == "OSError: [Errno 101] Network is unreachable"
    assert rest[:3] == ["0", "eth0 lo", "search default.svc.cluster.local svc.cluster.local cluster.local"]


def test_nothing_of_the_machine_is_seen_that_is_somebodys_and_nothing_changed(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("the sandbox's own")
    script = f"""
        ls -A ~ /tmp /home /run /mnt {tmp_path}; ls -A ~/.ssh 2>&1
        echo changed > /etc/hostname-of-mine; echo changed > /usr/lib/changed; rm -f /etc/passwd
        echo mine > ~/mine; echo mine > /tmp/mine; cat ~/mine /tmp/mine
        mount -t tmpfs none /mnt 2>/dev/null || echo no mount; mknod /tmp/disk b 8 0 2>/dev/null || echo no device
        (echo other > /proc/sys/kernel/hostname) 2>/dev/null || echo sealed
    """

    async def scenario(made: Cluster) -> str:
        made.shell("curious", script)
        return await made.said("curious")

    before = _names("/etc"), _names(str(Path.home()))
    said = run(scenario, tmp_path)
    assert "key" not in said
    assert "/.ssh': No such file or directory" in said
    assert said.endswith("mine\nmine\nno mount\nno device\nsealed\n")
    assert (_names("/etc"), _names(str(Path.home()))) == before
    assert Path("/etc/passwd").exists()
    assert not Path("/usr/lib/changed").exists()
    assert not Path("/tmp/mine").exists()


def test_volumes_show_what_they_are_made_of_and_follow_it(tmp_path: Path) -> None:
    volumes = [
        {"name": "config", "configMap": {"name": "settings"}},
        {"name": "secret", "secret": {"secretName": "token", "defaultMode": 0o400}},
        {"name": "about", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "cache", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "96Mi"}},
        {"name": "disk", "hostPath": {"path": "/opt/dlami/nvme"}},
    ]
    mounts = [
        {"name": "config", "mountPath": "/config"},
        {"name": "config", "mountPath": "/var/run/one.txt", "subPath": "one.txt"},
        {"name": "secret", "mountPath": "/secret", "readOnly": True},
        {"name": "about", "mountPath": "/about"},
        {"name": "cache", "mountPath": "/cache"},
        {"name": "shm", "mountPath": "/dev/shm"},
        {"name": "disk", "mountPath": "/data"},
    ]
    script = """
        cat /config/one.txt /var/run/one.txt /secret/key /about/labels; echo; stat -L -c %a /secret/key
        df --output=size /dev/shm | tail -1; (echo x > /config/one.txt) 2>/dev/null || echo read only
        echo kept > /data/kept; echo shared > /cache/x; until grep -q two /config/one.txt; do sleep 0.05; done
        cat /config/one.txt /var/run/one.txt
    """

    async def scenario(made: Cluster) -> str:
        made.create("ConfigMap", "settings", data={"one.txt": "one\n"})
        made.create("Secret", "token", data={"key": "czNjcmV0Cg=="})
        made.shell("v", script, volumes=volumes, volumeMounts=mounts, labels={"a": "b"})
        await made.phase("v", "Running")
        config = {**made.get("settings", "ConfigMap"), "data": {"one.txt": "two\n"}}
        made.api.update(made.api.resource("v1", "ConfigMap"), "default", config, manager="test")
        said = await made.said("v")
        made.shell("w", "cat /data/kept", volumes=volumes, volumeMounts=mounts)
        return said + await made.said("w")

    said = run(scenario, tmp_path).split()
    assert said == ["one", "one", "s3cret", 'a="b"', "400", "98304", "read", "only", "two", "one", "kept"]
    assert not Path("/opt/dlami").exists() or "nvme" not in _names("/opt/dlami")
    assert (tmp_path / "one" / "nodes" / NODE / "opt" / "dlami" / "nvme" / "kept").read_text() == "kept\n"


@pytest.mark.parametrize("which", ["labels", "annotations"])
def test_what_a_pod_reads_of_itself_follows_it(which: str, tmp_path: Path) -> None:
    items = [{"path": "mine", "fieldRef": {"fieldPath": f"metadata.{which}"}}]
    volumes = [{"name": "about", "downwardAPI": {"items": items}}]
    mounts = [{"name": "about", "mountPath": "/about"}]

    async def scenario(made: Cluster) -> str:
        made.shell("v", "until grep changed /about/mine; do sleep 0.05; done", volumes=volumes, volumeMounts=mounts)
        await made.phase("v", "Running")
        pod = deepcopy(made.get("v"))
        pod["metadata"][which] = {"state": "changed"}
        made.api.update(made.api.resource("v1", "Pod"), "default", pod, manager="test")
        return await made.said("v")

    assert run(scenario, tmp_path) == 'state="changed"\n'


def test_a_link_in_a_volume_leads_nowhere_else(tmp_path: Path) -> None:
    volumes = [{"name": "disk", "hostPath": {"path": "/data"}}]
    mounts = [{"name": "disk", "mountPath": "/data"}]

    async def scenario(made: Cluster) -> list[tuple[str, str]]:
        made.shell("a", f"ln -s ../../../../../../../../../../../../{tmp_path} /data/out", volumes=volumes,
                   volumeMounts=mounts)  # fmt: skip
        await made.said("a")
        stolen = [{"name": "disk", "mountPath": "/stolen", "subPath": "out"}]
        made.shell("b", "ls /stolen", volumes=volumes, volumeMounts=stolen)
        await made.until("b", lambda _: any(reason == "Failed" for reason, _ in made.events("b")))
        made.shell("c", "ls /stolen", volumes=[{"name": "disk", "hostPath": {"path": "/data/out/new"}}],
                   volumeMounts=[{"name": "disk", "mountPath": "/stolen"}])  # fmt: skip
        await made.until("c", lambda _: any(reason == "FailedMount" for reason, _ in made.events("c")))
        return made.events("b") + made.events("c")

    told = dict(run(scenario, tmp_path))
    assert told["Failed"] == "Error: failed to prepare subPath for volumeMount 'disk': it leaves its volume"
    assert told["FailedMount"] == "hostPath /data/out/new leads out of the node's own folder"
    assert not (tmp_path / "new").exists()


def test_environment_user_and_folder_are_as_the_pod_says(tmp_path: Path) -> None:
    env = [
        {"name": "A", "value": "one"},
        {"name": "B", "value": "$(A) $$(A) $(C)"},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "token", "key": "key"}}},
    ]
    told = (
        "$1",
        "$B",
        "$NODE",
        "$CPU",
        "$KEY",
        "$PRE_x",
        "$KUBERNETES_SERVICE_PORT",
        "$HOME",
        "`id -u`:`id -g`",
        "`pwd`",
    )
    script = f'echo "{"|".join(told)}|$AWS_REGION"; echo $IP'

    async def scenario(made: Cluster) -> tuple[str, str]:
        made.create("ConfigMap", "settings", data={"x": "config"})
        made.create("Secret", "token", data={"key": "czNjcmV0"})
        made.pod("e", "/bin/sh", "-c", script, "sh", "$(A)-arg", env=env, workingDir="/srv/new",
                 envFrom=[{"prefix": "PRE_", "configMapRef": {"name": "settings"}}],
                 securityContext={"runAsUser": 4321, "runAsGroup": 1234})  # fmt: skip
        return await made.said("e"), made.get("e")["status"]["podIP"]

    said, address = run(scenario, tmp_path)
    first, second = said.splitlines()
    assert first == f"one-arg|one $(A) $(C)|{NODE}|8|s3cret|config|443|/|4321:1234|/srv/new|"
    assert second == address


def test_a_pod_starts_for_little(tmp_path: Path) -> None:
    count = 20

    async def scenario(made: Cluster) -> tuple[float, int]:
        made.pod("first", "true")
        await made.phase("first", "Succeeded")
        before = _cpu()
        for number in range(count):
            made.pod(f"p{number}", "true")
        for number in range(count):
            await made.phase(f"p{number}", "Succeeded")
        spent = _cpu() - before
        return spent / count, len(made.names)

    spent, _ = run(scenario, tmp_path)
    assert spent < 0.1, f"{spent * 1000:.0f} ms a pod"


def _names(folder: str) -> set[str]:
    return {each.name for each in Path(folder).iterdir()}


def _cpu() -> float:
    # What the runtime spends is in its own process, which has left this one's family.
    own = time.process_time()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if b"kubelet.runtime" in path.read_bytes():
            fields = (path.parent / "stat").read_text().rpartition(")")[2].split()
            own += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own


def test_files_of_the_sandbox_are_for_this_user_alone(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> None:
        made.shell("quiet", "echo secret")
        await made.said("quiet")

    run(scenario, tmp_path)
    logs = list((tmp_path / "one" / "pods").rglob("*.log"))
    assert [stat.S_IMODE(each.stat().st_mode) for each in logs] == [0o600]


def test_other_users_see_what_is_theirs(tmp_path: Path) -> None:
    volumes = [
        {"name": "config", "configMap": {"name": "settings", "items": [{"key": "x", "path": "deep/x"}]}},
        {"name": "cache", "emptyDir": {}},
    ]
    mounts = [{"name": "config", "mountPath": "/config"}, {"name": "cache", "mountPath": "/cache", "subPath": "mine"}]
    script = "cat /config/deep/x /etc/hostname; ls -d /cache /usr/bin; echo x > /tmp/x; echo why > /dev/termination-log"

    async def scenario(made: Cluster) -> tuple[str, str]:
        made.create("ConfigMap", "settings", data={"x": "config\n"})
        context = {"runAsUser": 4321, "runAsGroup": 4321, "allowPrivilegeEscalation": False}
        made.shell("u", script, volumes=volumes, volumeMounts=mounts, securityContext=context)
        said = await made.said("u")
        return said, made.status("u")["state"]["terminated"].get("message", "")

    assert run(scenario, tmp_path) == ("config\nu\n/cache\n/usr/bin\n", "why\n")


def test_a_folder_stands_in_for_an_image(tmp_path: Path) -> None:
    tool = tmp_path / "images" / "trainer" / "opt" / "tool" / "run"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho from the image; echo new > /opt/tool/run\n")
    tool.chmod(0o755)

    async def scenario(made: Cluster) -> list[str]:
        made.pod("a", "/opt/tool/run", image="example.com/team/trainer:2")
        made.pod("b", "/opt/tool/run", image="other")
        made.pod("p", "python", "-c", "print(1 + 1)")
        await made.phase("b", "Failed")
        return [await made.said("a"), made.status("b")["state"]["terminated"]["reason"], await made.said("p")]

    assert run(scenario, tmp_path) == ["from the image\n", "StartError", "2\n"]
    assert "new" not in tool.read_text().splitlines()[1:]
