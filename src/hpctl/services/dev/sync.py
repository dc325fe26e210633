"""Sync the working directory of a development pod with a folder of this machine, both ways, so that nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Final, TypeVar, cast

from hpctl.errors import ConflictError, HpctlError, RefusedError
from hpctl.facts.dev_ports import SyncedFolder
from hpctl.facts.dev_sync import Entry
from hpctl.report.dev import DevSyncReport
from hpctl.services.dev.inside import Inside
from hpctl.services.dev.sync_plan import Deletions, SyncPlan, SyncWish, base_after, blocked, plan_sync
from hpctl.services.dev.sync_scripts import HASH, LIST, RECEIVE, REMOVE, SEND
from hpctl.services.job.execute import Streams
from hpctl.services.node_conduit import Conduit
from hpctl.services.node_fan_out import Beside
from hpctl.services.node_kept import Kept

T = TypeVar("T")

_BLOCK: Final = 64 * 1024
_EXECUTABLE: Final = 0o100
_GIT: Final = ".git"
_CONFLICT: Final = 6

Passed = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class There:
    """The working directory of the pod: `mark` tells it from another one that has come in its place."""

    mark: str
    files: Mapping[str, Entry]
    has_git: bool
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Done:
    sent_bytes: int = 0
    fetched_bytes: int = 0
    removed: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def sync(pod: Inside, folder: SyncedFolder, wish: SyncWish, passed: Passed) -> DevSyncReport:
    """Bring both sides to the same, as far as one of them alone has changed; what differs otherwise is told.

    Git's own folder goes to a pod that has none, and then each side has its own: git itself brings commits together.

    Raises:
        ConflictError: a folder of one side is a file on the other, or files changed while they were synced.
        RefusedError: the pod's image lacks a program, or there is no room.
    """
    here = folder.entries()
    there = _listed(pod, folder, here)
    if there.has_git:
        here = {path: one for path, one in here.items() if not _is_git(path)}
    base = folder.base(there.mark)
    plan = plan_sync(here, there.files, base, wish)
    if paths := blocked(plan, here, there.files):
        raise ConflictError(
            f"a folder on one side is a file on the other: {', '.join(f'`{path}`' for path in paths[:5])}",
            hint="move it away on one side, and sync again",
        )
    done = _carried_out(plan, here, there, pod, folder, wish, passed)
    folder.keep_base(there.mark, _base(plan, here, there.files, base, done))
    return _report(plan, done, pod, folder)


def _carried_out(
    plan: SyncPlan,
    here: Mapping[str, Entry],
    there: There,
    pod: Inside,
    folder: SyncedFolder,
    wish: SyncWish,
    passed: Passed,
) -> _Done:
    done = _Done(notes=list(there.notes))
    if plan.send:
        done.sent_bytes = _send(plan.send, there.files, pod, folder, passed)
    if plan.fetch:
        done.fetched_bytes, left = _fetch(plan.fetch, here, pod, folder, passed)
        done.notes += left
    if wish.deletions is Deletions.CARRIED_OUT:
        if plan.gone_here:
            _demand(pod, REMOVE, "cannot delete files", stdin=io.BytesIO(_nul(plan.gone_here)))
        folder.remove(plan.gone_there)
        done.removed = tuple(sorted((*plan.gone_here, *plan.gone_there)))
    return done


def _base(
    plan: SyncPlan, here: Mapping[str, Entry], there: Mapping[str, Entry], base: Mapping[str, Entry], done: _Done
) -> dict[str, Entry]:
    after = base_after(plan, here, there, base)
    return {path: one for path, one in after.items() if path not in done.removed and not _is_git(path)}


def _listed(pod: Inside, folder: SyncedFolder, here: Mapping[str, Entry]) -> There:
    """Return what is in the pod, as far as the rules of this folder take it."""
    words = _demand(pod, LIST, "cannot list its files").split("\0")
    head, rows = words[: words.index("")], words[words.index("") + 1 : -1]
    found, notes, links, modes = list[str](), list[str](), dict[str, str](), dict[str, int]()
    for row, target in zip(rows[::2], rows[1::2], strict=True):
        kind, mode, path = row.split(" ", 2)
        if kind == "l" and target.startswith("/"):
            notes.append(f"`{path}` stays in the pod: a link to `{target}`, outside")
            continue
        found.append(path)
        modes[path] = int(mode, 8)
        if kind == "l":
            links[path] = target
    taken = folder.takes(found) | (here.keys() & set(found))
    files = {path: Entry(f"-> {links[path]}") for path in taken if path in links}
    sums = _sums(pod, sorted(taken - links.keys()))
    files |= {path: Entry(told, bool(modes[path] & _EXECUTABLE)) for path, told in sums.items()}
    return There(head[0].strip(), files, "git" in head, tuple(notes))


def _sums(pod: Inside, paths: list[str]) -> Mapping[str, str]:
    if not paths:
        return {}
    told = _demand(pod, HASH, "cannot read its files", stdin=io.BytesIO(_nul(paths)))
    pairs = (line.partition("  ") for line in told.split("\0") if line)
    return {path.removeprefix("./"): told for told, _, path in pairs}


def _send(paths: list[str], there: Mapping[str, Entry], pod: Inside, folder: SyncedFolder, passed: Passed) -> int:
    expected = {path: there.get(path) for path in paths}

    def pack(into: IO[bytes]) -> int:
        return folder.pack(paths, expected, into)

    conduit, said = Conduit(passed), Kept()
    packing = Beside(lambda: _into(conduit, pack))
    try:
        code = pod.execute(_words(RECEIVE), Streams(cast("BinaryIO", conduit), _sink(Kept()), _sink(said)))
    finally:
        conduit.stop()
        moved = packing.outcome()
    if isinstance(moved, HpctlError):
        raise moved
    if code or moved is None:
        raise _refusal(pod, "does not take the files", said.output.text)
    return moved


def _fetch(
    paths: list[str], here: Mapping[str, Entry], pod: Inside, folder: SyncedFolder, passed: Passed
) -> tuple[int, tuple[str, ...]]:
    expected = {path: here.get(path) for path in paths}
    conduit, said = Conduit(passed), Kept()
    unpacking = Beside(lambda: _out_of(conduit, lambda stream: folder.unpack(stream, expected)))
    code = 0
    try:
        names = io.BytesIO(_nul(f"./{path}" for path in paths))
        code = pod.execute(_words(SEND), Streams(names, cast("BinaryIO", conduit), _sink(said)))
    finally:
        # Without an end of the archive, what came of it is not taken.
        conduit.close() if code == 0 else conduit.stop()
        arrived = unpacking.outcome()
    if code:
        raise _refusal(pod, "does not send the files", said.output.text)
    if isinstance(arrived, HpctlError):
        raise arrived
    return arrived.total_bytes, arrived.left_out


def _into(conduit: Conduit, pack: Callable[[IO[bytes]], T]) -> T | None:
    """Pack, and return None when the pod wanted no more."""
    try:
        return pack(cast("BinaryIO", conduit))
    except BrokenPipeError:
        return None
    finally:
        conduit.close()


def _out_of(conduit: Conduit, unpack: Callable[[IO[bytes]], T]) -> T:
    try:
        arrived = unpack(cast("BinaryIO", conduit))
    except HpctlError:
        conduit.stop()
        raise
    while conduit.read(_BLOCK):  # tar fills its last block up
        pass
    return arrived


def _demand(pod: Inside, script: str, what: str, stdin: BinaryIO | None = None) -> str:
    """Run a script and return all that it prints; raises `RefusedError` when it fails."""
    out, err = io.BytesIO(), Kept()
    code = pod.execute(_words(script), Streams(stdin, out, _sink(err)))
    if code:
        raise _refusal(pod, what, err.output.text)
    return out.getvalue().decode("utf-8", "surrogateescape")


def _refusal(pod: Inside, what: str, said: str) -> RefusedError:
    lines = said.strip().splitlines() or ["it does not say why"]
    return RefusedError(f"development pod `{pod.name}` {what}: {lines[0]}", aws_code="pod")


def _words(script: str) -> tuple[str, ...]:
    return ("bash", "-c", script, "hpctl-sync")


def _sink(kept: Kept) -> BinaryIO:
    return cast("BinaryIO", kept)


def _nul(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)


def _is_git(path: str) -> bool:
    return path.split("/", 1)[0] == _GIT


def _report(plan: SyncPlan, done: _Done, pod: Inside, folder: SyncedFolder) -> DevSyncReport:
    removed = set(done.removed)
    return DevSyncReport(
        cluster=pod.at.cluster,
        name=pod.name,
        folder=folder.path,
        sent=tuple(plan.send),
        fetched=tuple(plan.fetch),
        conflicts=tuple(plan.conflicts),
        deleted_here=tuple(path for path in plan.gone_here if path not in removed),
        deleted_there=tuple(path for path in plan.gone_there if path not in removed),
        removed=done.removed,
        notes=tuple(done.notes),
        sent_bytes=done.sent_bytes,
        fetched_bytes=done.fetched_bytes,
        exit_code=_CONFLICT if plan.conflicts else 0,
        next_steps=tuple(_next_steps(plan, pod, removed)),
    )


def _next_steps(plan: SyncPlan, pod: Inside, removed: set[str]) -> Iterator[str]:
    again = f"hpctl dev sync {pod.name} {pod.at.flags}"
    if plan.conflicts:
        yield f"{again} --prefer here"
        yield f"{again} --prefer pod"
    if {*plan.gone_here, *plan.gone_there} - removed:
        yield f"{again} --delete"
