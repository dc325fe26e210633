"""The files of nodes: those that HyperPod lays there, and those of a node's own that stand over the machine's."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.home import replace_private
from hpctl.sandbox.kube.kubelet.runtime.rootfs import Bind, Files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hpctl.sandbox.nodes.views import ClusterView, NodeView

OWNER_ID: Final = 1000
"""The user id of `ubuntu`, or of `ec2-user` on EKS (the AMIs' first user)."""
_LEAST_PERSON, _MOST_PERSON = 1000, 65533
_SSHD: Final = """Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""
_PROVISIONED: Final = "on_create.sh: lifecycle scripts of {group} have ended\n"


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a guest brings to a node before its machine is made: mounts, files by their paths, devices by theirs."""

    binds: tuple[Bind, ...] = ()
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    devices: Mapping[str, str] = field(default_factory=dict)
    """A device file of the machine for each device file of the node, such as `/dev/null` for `/dev/nvidia0`."""


def owner_of(node: NodeView) -> str:
    """Return the name of the AMI's own user."""
    return "ubuntu" if node.slurm else "ec2-user"


def home_of_owner(node: NodeView) -> str:
    """Return that user's home: the lifecycle scripts of Slurm clusters move it to the shared file system."""
    return "/fsx/ubuntu" if node.slurm else "/home/ec2-user"


def prepare_cluster(folder: Path, cluster: ClusterView) -> None:
    """Make a cluster's folder, and write what its nodes see of each other; in place, since it is mounted already."""
    for name in ("fsx", "config"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o755)
    home = folder / "fsx" / "ubuntu"
    if cluster.slurm and not home.exists():
        home.mkdir()
        home.chmod(0o755)
        _give(home)
    (folder / "hosts").write_text(_hosts(cluster))
    (folder / "hosts").chmod(0o644)
    told = folder / "config" / "resource_config.json"
    replace_private(told, json.dumps(_resource_config(cluster), indent=2) + "\n")
    told.chmod(0o644)


def files_of(node: NodeView, folder: Path, own: Path, hidden: Sequence[str], outfit: Outfit) -> Files:
    """Lay out a node's files below its `own` folder and return what its machine is made of."""
    layer = own / "layer"
    shutil.rmtree(layer, ignore_errors=True)
    for path, text in {**_system_files(node), **outfit.files}.items():
        _write(layer / path.lstrip("/"), text)
    (layer / "etc" / "sudoers.d").chmod(0o750)
    _private_homes(node, own)
    return Files(
        str(own),
        (str(layer),),
        tuple(hidden),
        (*_binds(node, folder, own), *outfit.binds, *_device_binds(outfit)),
    )


def _private_homes(node: NodeView, own: Path) -> None:
    # The runtime mounts these over /home and /root; what is there already, it leaves.
    home = own / "private" / "home" / owner_of(node)
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
        _give(home)


def _binds(node: NodeView, folder: Path, own: Path) -> Iterator[Bind]:
    (own / "ssh").mkdir(exist_ok=True)
    (own / "ssh").chmod(0o755)
    (own / "ssh" / "sshd_config").write_text(_SSHD)
    (own / "hostname").write_text(f"{node.hostname}\n")
    (own / "hostname").chmod(0o644)
    yield Bind(str(own / "ssh"), "/etc/ssh", str(own), writable=True)
    yield Bind(str(own / "hostname"), "/etc/hostname", str(own), writable=True)
    yield Bind(str(folder / "hosts"), "/etc/hosts", str(folder), writable=True)
    yield Bind(str(folder / "config"), "/opt/ml/config", str(folder), writable=True)
    if node.slurm:
        yield Bind(str(folder / "fsx"), "/fsx", str(folder), writable=True)


def _device_binds(outfit: Outfit) -> Iterator[Bind]:
    for target, source in outfit.devices.items():
        yield Bind(source, target, "/dev", writable=True)


def _system_files(node: NodeView) -> dict[str, str]:
    owner = owner_of(node)
    group = next((part for part in _rows("/etc/group") if part[0] == owner), None)
    groups = [part for part in _rows("/etc/group") if part[2] != str(OWNER_ID) and part is not group]
    people = [part for part in _rows("/etc/passwd") if not _LEAST_PERSON <= int(part[2]) <= _MOST_PERSON]
    shell = "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"
    people.append([owner, "x", str(OWNER_ID), str(OWNER_ID), owner, home_of_owner(node), shell])
    groups.append([owner, "x", str(OWNER_ID), ""])
    return {
        "/etc/passwd": _table(people),
        "/etc/group": _table(groups),
        # No password of the machine is anybody's here; `*` is none, where `!` would lock the account for sshd.
        "/etc/shadow": _table([[part[0], "*", "19000", "0", "99999", "7", "", "", ""] for part in people]),
        f"/etc/sudoers.d/90-{owner}": f"{owner} ALL=(ALL) NOPASSWD:ALL\n",
        "/etc/resolv.conf": f"search {node.region}.compute.internal\n",
        "/opt/sagemaker_cluster/.instance": f"{node.instance_id}\n",
        "/var/log/provision/provisioning.log": _PROVISIONED.format(group=node.group),
    }


def _rows(path: str) -> list[list[str]]:
    return [line.split(":") for line in Path(path).read_text().splitlines() if line.count(":") >= 3]  # noqa: PLR2004


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"{':'.join(row)}\n" for row in rows)


def _write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for each in (path.parent, *path.parent.parents):
        if each.name == "layer":
            break
        each.chmod(0o755)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    secret, program = path.name == "shadow" or "sudoers.d" in path.parts, "bin" in path.parts
    path.chmod(0o440 if secret else 0o755 if program else 0o644)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, OWNER_ID, OWNER_ID)


def _hosts(cluster: ClusterView) -> str:
    rows = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    rows += [
        f"{each.address}\t{each.hostname} {each.hostname}.{each.region}.compute.internal" for each in cluster.nodes
    ]
    return "\n".join(rows) + "\n"


def _resource_config(cluster: ClusterView) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    for node in cluster.nodes:
        group = groups.setdefault(node.group, {"Name": node.group, "InstanceType": node.instance_type, "Instances": []})
        group["Instances"].append(
            {
                "InstanceName": f"{node.group}-{node.index + 1}",
                "AgentIpAddress": node.address,
                "CustomerIpAddress": node.address,
                "InstanceId": node.instance_id,
            }
        )
    return {
        "ClusterConfig": {"ClusterArn": cluster.arn, "ClusterName": cluster.name},
        "ClusterType": "Slurm" if cluster.slurm else "Eks",
        "InstanceGroups": list(groups.values()),
    }
