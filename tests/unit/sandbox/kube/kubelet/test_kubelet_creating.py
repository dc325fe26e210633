from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet import creating
from hpctl.sandbox.kube.kubelet.creating import Room
from hpctl.sandbox.kube.kubelet.environment import ConfigError, Surroundings
from hpctl.sandbox.kube.kubelet.images import NoCommandError, command_of, name_of
from hpctl.sandbox.kube.kubelet.runtime.spawn import Command
from hpctl.sandbox.kube.resources import Object

_NET_ADMIN, _SYS_ADMIN, _CHOWN, _MKNOD = 12, 21, 0, 27


def around(**spec: Any) -> Surroundings:
    pod = {"metadata": {"name": "p", "namespace": "team"}, "spec": {"containers": [], **spec}}
    service = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"clusterIP": "None"}}
    return Surroundings(pod, lambda kind, name: None, (service,))


def command(container: Object, tmp_path: Path, **spec: Any) -> Command:
    whole = {"name": "main", "image": "x", "command": ["run"], **container}
    return creating.command(around(**spec), whole, Room(tmp_path, tmp_path, {}))


def test_usual_variables_give_way_to_the_containers_own(tmp_path: Path) -> None:
    found = command({"env": [{"name": "HOME", "value": "/mine"}]}, tmp_path)
    assert found.environment["HOME"] == "/mine"
    assert (found.environment["HOSTNAME"], found.environment["PATH"].split(":")[0]) == ("p", "/usr/local/sbin")
    assert "TERM" not in found.environment
    assert command({"tty": True}, tmp_path).environment["TERM"] == "xterm"


def test_capabilities_reach_no_further_than_the_pod(tmp_path: Path) -> None:
    def having(**context: Any) -> set[int]:
        return set(command({"securityContext": context}, tmp_path).capabilities)

    assert _CHOWN in having()
    assert not {_MKNOD, _NET_ADMIN, _SYS_ADMIN} & having()
    assert _NET_ADMIN in having(capabilities={"add": ["NET_ADMIN", "CAP_SYS_ADMIN"]})
    assert not {_MKNOD, _SYS_ADMIN} & having(privileged=True, capabilities={"add": ["ALL"]})
    assert having(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}) == {_CHOWN}


def test_a_container_speaks_for_itself_before_its_pod(tmp_path: Path) -> None:
    spec = {"securityContext": {"runAsUser": 7, "runAsGroup": 8, "supplementalGroups": [5], "fsGroup": 6}}
    found = command({}, tmp_path, **spec)
    assert (found.user, found.group, found.groups) == (7, 8, (5, 6))
    assert command({"securityContext": {"runAsUser": 9}}, tmp_path, **spec).user == 9
    assert command({}, tmp_path).user == 0


def test_nobody_is_root_who_must_not_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        command({"securityContext": {"runAsNonRoot": True}}, tmp_path)
    assert str(told.value) == "container has runAsNonRoot and image will run as root (pod: p_team, container: main)"
    assert command({"securityContext": {"runAsNonRoot": True, "runAsUser": 5}}, tmp_path).user == 5


def test_on_the_shared_loopback_names_lead_to_this_machine(tmp_path: Path) -> None:
    env = [{"name": "MASTER_ADDR", "value": "web"}, {"name": "URL", "value": "http://web.team:80/"}]
    container = {"name": "main", "image": "x", "command": ["run", "$(MASTER_ADDR)"], "env": env}
    found = creating.shared_command(around(), container, Room(tmp_path, tmp_path, {}))
    assert (found.environment["MASTER_ADDR"], found.environment["URL"]) == ("127.0.0.1", "http://127.0.0.1:80/")
    assert found.argv == ("run", "127.0.0.1")
    assert found.environment["HOME"] == found.folder == str(tmp_path)
    assert (found.user, found.capabilities) == (None, ())


def test_on_the_shared_loopback_volumes_are_refused_by_name(tmp_path: Path) -> None:
    mounts = [{"name": "shm", "mountPath": "/dev/shm"}, {"name": "data", "mountPath": "/data"}]
    container = {"name": "main", "image": "x", "command": ["run"], "volumeMounts": mounts}
    with pytest.raises(ConfigError, match=r"cannot mount volume 'data' at /data: .* run it as root on Linux"):
        creating.shared_command(around(), container, Room(tmp_path, tmp_path, {}))
    assert creating.shared_command(
        around(), {**container, "volumeMounts": mounts[:1]}, Room(tmp_path, tmp_path, {})
    ).argv == ("run",)


def test_on_the_shared_loopback_a_command_is_told_where_its_own_volumes_are(tmp_path: Path) -> None:
    mounts = [{"name": "c", "mountPath": "/opt/c/"}, {"name": "e", "mountPath": "/workdir"}]
    volumes = [{"name": "c", "configMap": {"name": "x"}}, {"name": "e", "emptyDir": {}}]
    room = Room(tmp_path, tmp_path, {"c": tmp_path / "c", "e": tmp_path / "e"})
    words = ["sh", "/opt/c/start.sh", "/opt/c", "/opt/cc", "-c", "cat /opt/c/x"]
    container = {"name": "main", "image": "x", "command": words, "volumeMounts": mounts, "workingDir": "/workdir/sub"}
    found = creating.shared_command(around(volumes=volumes), container, room)
    assert found.argv == ("sh", f"{tmp_path}/c/start.sh", f"{tmp_path}/c", "/opt/cc", "-c", "cat /opt/c/x")
    assert found.folder == f"{tmp_path}/e/sub"


@pytest.mark.parametrize("mount", [{"name": "p"}, {"name": "e", "subPath": "x"}])
def test_on_the_shared_loopback_what_is_not_the_pods_own_is_refused(tmp_path: Path, mount: dict[str, str]) -> None:
    volumes = [{"name": "p", "persistentVolumeClaim": {"claimName": "x"}}, {"name": "e", "emptyDir": {}}]
    container = {"name": "main", "image": "x", "command": ["run"], "volumeMounts": [{**mount, "mountPath": "/data"}]}
    with pytest.raises(ConfigError, match=f"cannot mount volume '{mount['name']}' at /data"):
        creating.shared_command(around(volumes=volumes), container, Room(tmp_path, tmp_path, {"e": tmp_path}))


def test_mounts_of_data_cannot_be_written(tmp_path: Path) -> None:
    volumes = [{"name": "c", "configMap": {"name": "x"}}, {"name": "e", "emptyDir": {}}]
    mounts = [
        {"name": "c", "mountPath": "/c"},
        {"name": "e", "mountPath": "/e"},
        {"name": "e", "mountPath": "/r", "readOnly": True},
        {"name": "e", "mountPath": "/s", "subPath": "part/of"},
    ]
    room = Room(tmp_path, tmp_path, {"c": tmp_path / "c", "e": tmp_path / "e"})
    binds = creating.files(around(volumes=volumes), {"name": "main", "volumeMounts": mounts}, room).binds
    assert [(each.target, each.writable) for each in binds if len(each.target) == 2] == [
        ("/c", False), ("/e", True), ("/r", False), ("/s", True),
    ]  # fmt: skip
    assert (tmp_path / "e" / "part" / "of").is_dir()
    assert creating.files(around(), {"name": "main"}, room).writable
    locked = {"name": "main", "securityContext": {"readOnlyRootFilesystem": True}}
    assert not creating.files(around(), locked, room).writable


def test_a_mount_stays_in_its_volume(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "out").symlink_to("/etc")
    container = {"name": "main", "volumeMounts": [{"name": "e", "mountPath": "/s", "subPath": "out"}]}
    room = Room(tmp_path, tmp_path, {"e": tmp_path / "e"})
    with pytest.raises(ConfigError, match="failed to prepare subPath for volumeMount 'e': it leaves its volume"):
        creating.files(around(volumes=[{"name": "e", "emptyDir": {}}]), container, room)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("busybox", "busybox"),
        ("public.ecr.aws/docker/library/alpine:3.20", "alpine"),
        ("localhost:5000/a/b@sha256:00", "b"),
        ("registry.k8s.io/pause:3.10", "pause"),
    ],
)
def test_the_name_of_an_image(image: str, name: str) -> None:
    assert name_of(image) == name


def test_what_runs_when_a_container_does_not_say() -> None:
    assert command_of({"image": "busybox"}, {}) == ("/bin/sh",)
    assert command_of({"image": "alpine:3", "args": ["echo", "$(A)"]}, {"A": "1"}) == ("echo", "1")
    assert command_of({"image": "k8s.gcr.io/pause:3.9"}, {})[0] == "/bin/sh"
    with pytest.raises(NoCommandError, match='the entrypoint of "pytorch/pytorch" is not known'):
        command_of({"image": "pytorch/pytorch", "args": ["train.py"]}, {})
