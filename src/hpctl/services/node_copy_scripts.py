"""What runs on a node while files are copied: shell scripts whose arguments are data."""

from __future__ import annotations

from typing import Final

NOT_THERE: Final = 44
"""Exit code of `SEND` when there is nothing of that path."""

CHANGED: Final = 1
"""Exit code of tar when a file changed while it was read."""

_PATH: Final = r"""
set -eu
case $1 in
  '~') path=$HOME ;;
  '~/'*) path=$HOME/${1#'~/'} ;;
  /*) path=$1 ;;
  *) path=./$1 ;;
esac
"""
"""The first argument as a path that no program takes for an option."""

RECEIVE: Final = (
    _PATH
    + r"""
fail() { printf '%s\n' "$1" >&2; exit 1; }
case $path in
  */) [ -d "$path" ] || fail "there is no folder \`$path\`" ;;
esac
if [ -d "$path" ]; then path=${path%/}/$2; fi
folder=$(dirname -- "$path")
[ -d "$folder" ] || fail "there is no folder \`$folder\` to copy into"
new=$(mktemp -d -- "$folder/.hpctl-copy.XXXXXX")
trap 'rm -rf -- "$new"' EXIT
trap 'exit 1' HUP INT TERM
tar -C "$new" --no-same-owner -xpf -
[ -e "$new/complete" ] || fail 'the copy broke off'
chown -hR --reference="$folder" -- "$new/data"
if [ -d "$new/data" ]; then
  if [ -d "$path" ]; then cp -aT -- "$new/data" "$path"; exit 0; fi
  if [ -e "$path" ]; then fail "\`$path\` is a file, and what comes is a folder"; fi
elif [ -d "$path" ]; then
  fail "\`$path\` is a folder, and what comes is a file"
fi
mv -fT -- "$new/data" "$path"
"""
)
"""Take a tar from standard input: `data` becomes the path, or what `$2` names in it where that is a folder.

It is made beside its place, moved there once it is whole, and belongs to whom the folder around it belongs to.
"""

SEND: Final = (
    _PATH
    + rf"""
real=$(realpath -e -- "$path" 2>/dev/null) || exit {NOT_THERE}
if [ -d "$real" ]; then exec tar -C "$real" -cf - .; fi
exec tar -C "$(dirname -- "$real")" -cf - -- "$(basename -- "$real")"
"""
)
"""Write a tar of a file, or of `.` in a folder, to standard output."""
