"""Let somebody's public key in on nodes."""

from __future__ import annotations

import re
from typing import Final

from hpctl.errors import HpctlError, RefusedError, UsageError
from hpctl.facts.session_ports import Sessions, Target
from hpctl.services.node_fan_out import on_each
from hpctl.services.node_names import Chosen

_KEY: Final = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-zA-Z0-9@.-]+ [A-Za-z0-9+/]+=* ?[^\x00-\x1f\x7f]*")
_MOST: Final = 16 * 1024

_INSTALL: Final = r"""
set -eu
home=$(getent passwd "$1" | cut -d: -f6)
[ -n "$home" ] || { printf 'there is no user `%s`\n' "$1" >&2; exit 1; }
exec runuser -u "$1" -- sh -c '
set -eu
umask 077
IFS= read -r key
mkdir -p -- "$1/.ssh"
file=$1/.ssh/authorized_keys
touch -- "$file"
exec 9<> "$file"
flock 9
grep -qxF -- "$key" "$file" && exit 0
[ -z "$(tail -c 1 -- "$file")" ] || printf "\n" >> "$file"
printf "%s\n" "$key" >> "$file"
' hpctl "$home"
"""
"""As the user themselves: what lies in their home could lead root anywhere.

Several nodes may have that home in common: the lock keeps two of them from adding the same key.
"""


def checked_key(text: str, file: str) -> str:
    """Return the public key of a file; `UsageError` when it is none, a private one above all."""
    line = text.strip()
    if "PRIVATE KEY" in text:
        raise UsageError(f"`{file}` is a private key, which stays where it is", hint=f"name the public one: {file}.pub")
    if not _KEY.fullmatch(line) or len(line) > _MOST:
        raise UsageError(f"`{file}` is no public key of OpenSSH", hint="such as ~/.ssh/id_ed25519.pub")
    return line


def install_key(chosen: Chosen, user: str, key: str, sessions: Sessions) -> tuple[str, ...]:
    """Add the key to a user's `authorized_keys` on every node, where it is not there yet; return the nodes.

    Raises what went wrong on the first node, when all others have been tried.
    """

    def install(_name: str, node: Target) -> HpctlError | None:
        try:
            _install(node, user, key, sessions)
        except HpctlError as error:
            return error
        return None

    told = on_each(chosen.targets(), install, sessions)
    for error in filter(None, told.values()):
        raise error
    return tuple(told)


def _install(node: Target, user: str, key: str, sessions: Sessions) -> None:
    ran = sessions.run(node, ("sh", "-c", _INSTALL, "hpctl", user), stdin=f"{key}\n".encode())
    if ran.exit_code:
        said = (ran.stderr.decode("utf-8", "backslashreplace").strip().splitlines() or ["it does not say why"])[0]
        raise RefusedError(f"node `{node.instance_id}` does not take the key for `{user}`: {said}", aws_code="node")
