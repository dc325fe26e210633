"""What runs in a development pod before somebody comes by ssh: an sshd of hpctl's own, for one key at a time.

The functions are those of `compile/task/prepare.sh`, which every pod of a job has.
"""

from __future__ import annotations

from typing import Final

from hpctl.compile.scripts import SCRIPTS_PATH, text_of
from hpctl.facts.dev import FOLDER, SSH_PORT

NO_SSHD: Final = 44
"""Exit code: the image has no sshd."""

GUEST: Final = 45
"""Exit code: the pod shares its machine's address, where port and files would be the machine's."""

LET_IN: Final = rf"""
hpctl_here={SCRIPTS_PATH} HPCTL_NODE_RANK=0
hpctl_give_up() {{ printf '%s\n' "$1" >&2; exit 1; }}
. "$hpctl_here/prepare.sh"
! hpctl_is_guest || exit {GUEST}
[ -n "${{HOME:-}}" ] || export HOME=$(cd ~ && pwd)
sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin type -P sshd)
[ -x "$sshd" ] && hpctl_has ssh-keygen || exit {NO_SSHD}
hpctl_state_folder
folder=$HPCTL_STATE/ssh
mkdir -p -m 700 "$folder"
# Two who come at the same time are let in one after the other.
exec 9>"$folder/lock"
! hpctl_has flock || flock 9
hpctl_key "$folder/host_key" || hpctl_give_up "$(cat "$folder/error")"
IFS= read -r key
grep -qsxF -- "$key" "$folder/authorized_keys" || (umask 077 && printf '%s\n' "$key" >>"$folder/authorized_keys")
listens() {{ grep -Eqs '^ *[0-9]+: 0100007F:{SSH_PORT:04X} 00000000:0000 0A' /proc/net/tcp; }}
if ! listens; then
  hpctl_keep_environment
  printf '%s\n' "$1" >"$HPCTL_STATE/session.sh"
  hpctl_here=$HPCTL_STATE
  hpctl_sshd_settings "$folder" >"$folder/sshd_config"
  mkdir -p -m 755 /run/sshd 2>/dev/null
  "$sshd" -f "$folder/sshd_config" -p {SSH_PORT} -o ListenAddress=127.0.0.1 -E "$folder/log" 9>&-
  left=100
  until listens; do
    ((left--)) || hpctl_give_up "sshd does not listen: $(tail -n 1 "$folder/log")"
    sleep 0.1
  done
fi
printf 'user %s\n' "$(id -un)"
printf 'key %s\n' "$(cut -d ' ' -f 1,2 "$folder/host_key.pub")"
"""
"""Takes a public key from standard input and the sessions' script as `$1`; prints the user and the host's key."""

SESSION: Final = f"cd {FOLDER} 2>/dev/null || cd\n{text_of('session.sh')}"
"""What every ssh session begins with: the working directory, and the environment of the container."""
