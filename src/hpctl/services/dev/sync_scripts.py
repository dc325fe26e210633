"""What runs in a development pod while files are synced: shell scripts whose arguments and input are data."""

from __future__ import annotations

from typing import Final

from hpctl.facts.dev import FOLDER

MARK: Final = ".hpctl-sync"
"""A file in the working directory that tells it from an empty one which came in its place."""

_BEGIN: Final = f"""
set -eu
fail() {{ printf '%s\\n' "$1" >&2; exit 1; }}
for tool in find sha256sum tar xargs mktemp; do
  command -v "$tool" >/dev/null || fail "the image has no \\`$tool\\`, which syncing needs"
done
mkdir -p {FOLDER} 2>/dev/null || true
cd {FOLDER} || fail 'there is no folder {FOLDER}'
"""

LIST: Final = (
    _BEGIN
    + rf"""
[ -s {MARK} ] || cat /proc/sys/kernel/random/uuid >{MARK}
printf '%s\0' "$(cat {MARK})"
[ ! -e .git ] || printf 'git\0'
printf '\0'
find . -mindepth 1 \( -name .git -o -path './{MARK}*' \) -prune -o \( -type f -o -type l \) -printf '%y %m %P\0%l\0'
"""
)
"""Prints the mark and, if there is one, `git`; then kind, mode and path of each file, each followed by a link's target.

Each text ends with a NUL character; an empty one stands before the files.
"""

HASH: Final = _BEGIN + "xargs -0 -r sha256sum -z --\n"
"""Takes paths, each with a NUL character behind it, and prints their sums so."""

RECEIVE: Final = (
    _BEGIN
    + rf"""
new=$(mktemp -d ./{MARK}.XXXXXX)
trap 'rm -rf -- "$new"' EXIT
trap 'exit 1' HUP INT TERM
tar -C "$new" --no-same-owner -xpf -
[ -e "$new/complete" ] || fail 'the copy broke off'
changed='files changed here meanwhile: sync again'
[ ! -s "$new/expected" ] || sha256sum --check --status "$new/expected" 2>/dev/null || fail "$changed"
while IFS= read -r -d '' path; do
  [ ! -e "$path" ] && [ ! -L "$path" ] || fail "$changed"
done <"$new/absent"
cp -a --remove-destination -- "$new/data/." .
"""
)
"""Takes a tar: `data` is laid over the working directory, unless what stands in `expected` or `absent` has changed."""

SEND: Final = _BEGIN + "exec tar --null --verbatim-files-from --no-recursion -T - -cf -\n"
"""Takes paths, each with a NUL character behind it, and writes a tar of them."""

REMOVE: Final = (
    _BEGIN
    + r"""
while IFS= read -r -d '' path; do
  rm -f -- "$path"
  folder=$(dirname -- "$path")
  [ "$folder" = . ] || rmdir -p --ignore-fail-on-non-empty -- "$folder" 2>/dev/null || true
done
"""
)
"""Takes paths, each with a NUL character behind it, and deletes them with the folders that this empties."""
