"""Let ssh, and whatever uses it, reach a development pod: entries whose connections go through Kubernetes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from hpctl.errors import RefusedError, UsageError
from hpctl.facts.dev import SSH_PORT
from hpctl.facts.dev_ports import SshFiles
from hpctl.facts.session_ports import Tunnel
from hpctl.services.dev.inside import Inside
from hpctl.services.dev.ssh_script import GUEST, LET_IN, NO_SSHD, SESSION
from hpctl.services.job.where import Where
from hpctl.services.node_ssh import Program, proxy_command

_USER: Final = re.compile(r"user ([A-Za-z0-9_][A-Za-z0-9_.-]*\$?)")
_KEY: Final = re.compile(r"key ((?:ssh|ecdsa)-[a-zA-Z0-9@.-]+ [A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True)
class Door:
    """What a pod's sshd says of itself: its user, and its public host key."""

    user: str
    host_key: str


def alias_of(name: str, at: Where) -> str:
    """Return the name of a pod that no other has: that of its host key."""
    return f"{name}.{at.namespace}.{at.cluster}"


def open_door(pod: Inside, files: SshFiles) -> Door:
    """Let this machine's key in, starting sshd where it does not run, and know the host's key from now on.

    Both travel through Kubernetes, which has made sure who asks and who answers.

    Raises:
        RefusedError: the image has no sshd, or sshd does not start.
    """
    key = files.public_key()
    said = pod.ask(("bash", "-c", LET_IN, "hpctl-dev", SESSION), io.BytesIO(f"{key}\n".encode()))
    if said.code == NO_SSHD:
        raise _without_sshd(pod)
    if said.code == GUEST:
        raise RefusedError(
            f"development pod `{pod.name}` has no address of its own, and ssh into it would be into its machine",
            aws_code="pod",
            hint=f"a shell without ssh: hpctl dev exec {pod.name} {pod.at.flags}",
        )
    user, host_key = _USER.search(said.out), _KEY.search(said.out)
    if said.code or not user or not host_key:
        raise said.refusal(pod.name, "does not let ssh in", f"hpctl dev exec {pod.name} {pod.at.flags}")
    files.know(alias_of(pod.name, pod.at), host_key[1])
    return Door(user[1], host_key[1])


def write_entry(pod: Inside, door: Door, program: Program, files: SshFiles) -> str:
    """Write the pod's entry for ssh and return the line that lets ssh find it.

    Raises `UsageError` for paths and flags that cannot stand in a configuration.
    """
    alias = alias_of(pod.name, pod.at)
    text = "".join(f"{line}\n" for line in _lines(pod, alias, door, program, files))
    return files.write(alias, text)


@contextmanager
def tunnel(pod: Inside, files: SshFiles) -> Iterator[Tunnel]:
    """Connect to the pod's sshd for the length of a `with`; raises as `open_door`."""
    open_door(pod, files)
    with pod.ports.streams.tunnel(pod.at.eks, pod.pod.namespace, pod.pod.name, SSH_PORT) as far:
        yield far


def _lines(pod: Inside, alias: str, door: Door, program: Program, files: SshFiles) -> Iterator[str]:
    words = ("dev", "proxy", pod.name, "--cluster", pod.at.cluster, "--namespace", pod.at.namespace)
    yield f"# Development pod `{pod.name}`, by `hpctl dev`: written again each time it is started."
    yield f"Host {pod.name} {alias}"
    yield f"    HostName {pod.name}"
    yield f"    HostKeyAlias {alias}"
    yield f"    User {door.user}"
    yield f"    ProxyCommand {proxy_command(words, program)}"
    yield f"    IdentityFile {_quoted(files.identity)}"
    yield "    IdentitiesOnly yes"
    yield f"    UserKnownHostsFile {_quoted(files.known_hosts(alias))}"
    yield "    StrictHostKeyChecking yes"
    yield "    ServerAliveInterval 60"


def _quoted(path: str) -> str:
    """Return a path as a configuration takes it: ssh replaces `%` words and variables in it."""
    if re.search(r'[\x00-\x1f\x7f"]|\$\{', path):
        raise UsageError(f"`{path}` cannot stand in an ssh configuration", hint="HPCTL_STATE_HOME=DIR")
    return f'"{path.replace("%", "%%")}"'


def _without_sshd(pod: Inside) -> RefusedError:
    flags = pod.at.flags
    return RefusedError(
        f"the image of development pod `{pod.name}` has no sshd, which ssh, scp and rsync need",
        aws_code="pod",
        hint="install it, until the pod is stopped: "
        f"hpctl dev exec {pod.name} {flags} -- sh -c 'apt-get update && apt-get install -y openssh-server'\n"
        "or use an image that has `openssh-server`\n"
        f"a shell without ssh: hpctl dev exec {pod.name} {flags}",
    )
