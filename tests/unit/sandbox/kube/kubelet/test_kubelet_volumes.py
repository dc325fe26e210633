from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox.kube.kubelet import volumes
from hpctl.sandbox.kube.kubelet.environment import ConfigError, Surroundings
from hpctl.sandbox.kube.kubelet.volumes import File, Places, VolumeError
from hpctl.sandbox.kube.resources import Object

CONFIG: Object = {"kind": "ConfigMap", "data": {"a": "1", "b": "2"}}


def around(config: Object | None = CONFIG) -> Surroundings:
    pod: Object = {"metadata": {"name": "p", "namespace": "team", "labels": {}}, "spec": {"containers": []}}
    return Surroundings(pod, lambda kind, name: config if kind == "ConfigMap" and name == "settings" else None)


def places(folder: Path) -> Places:
    return Places(folder / "pod", folder / "node", folder / "claims", lambda name: name == "mine")


def made(folder: Path, **source: Any) -> Path:
    return volumes.folder_of({"name": "v", **source}, places(folder), around())


def content(folder: Path) -> dict[str, str]:
    return {
        str(each.relative_to(folder)): each.read_text()
        for each in folder.rglob("*")
        if each.is_file() and not each.relative_to(folder).parts[0].startswith("..")
    }


def test_data_is_shown_in_one_step_and_follows(tmp_path: Path) -> None:
    volumes.write(tmp_path, [File("a", b"1", 0o644), File("deep/b", b"2", 0o600)])
    first = (tmp_path / "..data").readlink()
    assert (tmp_path / "a").read_text() + (tmp_path / "deep" / "b").read_text() == "12"
    assert (tmp_path / "deep" / "b").stat().st_mode & 0o777 == 0o600
    volumes.write(tmp_path, [File("a", b"1", 0o644), File("deep/b", b"2", 0o600)])
    assert (tmp_path / "..data").readlink() == first
    volumes.write(tmp_path, [File("a", b"3", 0o644)])
    assert (tmp_path / "a").read_text() == "3"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["..00000002", "..data", "a"]


def test_a_path_of_data_stays_in_its_volume(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not leave its volume"):
        volumes.write(tmp_path / "v", [File("../out", b"", 0o644)])


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ({"configMap": {"name": "settings"}}, {"a": "1", "b": "2"}),
        ({"configMap": {"name": "settings", "items": [{"key": "a", "path": "x/y"}]}}, {"x": "1"}),
        ({"configMap": {"name": "none", "optional": True}}, {}),
        ({"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}}, {"n": "p"}),
        ({"projected": {"sources": [{"configMap": {"name": "settings"}}, {"serviceAccountToken": {"path": "t"}}]}},
         {"a": "1", "b": "2"}),
        ({"emptyDir": {}}, {}),
        ({}, {}),
    ],
)  # fmt: skip
def test_volumes_of_data(tmp_path: Path, source: dict[str, Any], files: dict[str, str]) -> None:
    folder = made(tmp_path, **source)
    tops = {each.name for each in folder.iterdir() if not each.name.startswith("..")}
    assert tops == set(files)
    assert {name: (folder / name).read_text() for name in files if (folder / name).is_file()}.items() <= files.items()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMap": {"name": "none"}}, 'MountVolume.SetUp failed for volume "v" : configmap "none" not found'),
        ({"configMap": {"name": "settings", "items": [{"key": "z", "path": "z"}]}},
         'MountVolume.SetUp failed for volume "v" : references non-existent configmap key: z'),
        ({"nfs": {"server": "s", "path": "/"}},
         'volume "v": the hpctl sandbox does not have volumes of the kind nfs'),
        ({"hostPath": {"path": "/x", "type": "Directory"}}, "hostPath type check failed: /x is not a directory"),
        ({"hostPath": {"path": "/dev/x", "type": "CharDevice"}},
         "hostPath type check failed: /dev/x is not a CharDevice"),
        ({"persistentVolumeClaim": {"claimName": "no"}}, 'persistentvolumeclaim "no" not found'),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_named(tmp_path: Path, source: dict[str, Any], message: str) -> None:
    with pytest.raises(VolumeError) as told:
        made(tmp_path, **source)
    assert str(told.value) == message


@pytest.mark.parametrize("path", ["/data/../../../../etc", "data", "/data//./x"])
def test_a_path_of_the_host_is_one_of_the_node(tmp_path: Path, path: str) -> None:
    assert made(tmp_path, hostPath={"path": path}).is_relative_to(tmp_path / "node")


def test_a_link_on_the_node_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "out").symlink_to(tmp_path)
    with pytest.raises(VolumeError, match="hostPath /out/new leads out of the node's own folder"):
        made(tmp_path, hostPath={"path": "/out/new"})
    assert not (tmp_path / "new").exists()


def test_a_claim_is_a_folder_of_the_cluster(tmp_path: Path) -> None:
    assert made(tmp_path, persistentVolumeClaim={"claimName": "mine"}) == tmp_path / "claims" / "mine"


@pytest.mark.parametrize(
    ("volume", "size"),
    [
        ({"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}, 64 << 20),
        ({"emptyDir": {"medium": "Memory"}}, 0),
        ({"emptyDir": {}}, None),
        ({"configMap": {"name": "x"}}, None),
    ],
)
def test_the_size_of_a_volume_in_memory(volume: Object, size: int | None) -> None:
    assert volumes.memory_size(volume) == size
