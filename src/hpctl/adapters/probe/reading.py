"""What `look.sh` prints, read: sections by name, each with its lines and the exit status of its command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hpctl.errors import UnavailableError
from hpctl.facts.inside import Disk, Gpu, Inside

_END: Final = re.compile(r"@@end (\d+)")
_WORTH: Final = ("/", "/opt/sagemaker", "/opt/dlami/nvme", "/dev/shm", "/fsx", "/home")  # noqa: S108  looked at alone
_NOBODY: Final = 3
"""The exit status of `shared` without an /fsx."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a command said; `status` is its exit status."""

    lines: tuple[str, ...]
    status: int


def sections_of(text: str) -> Mapping[str, Section]:
    """Return the sections; one that has no end is not among them."""
    found: dict[str, Section] = {}
    name, lines = "", list[str]()
    for line in text.splitlines():
        if ended := _END.fullmatch(line):
            found[name] = Section(tuple(one for one in lines if one.strip()), int(ended[1]))
            name, lines = "", []
        elif line.startswith("@@") and not name:
            name = line[2:]
        else:
            lines.append(line)
    return found


def inside_of(text: str, asked_at: datetime, answered_at: datetime) -> Inside:
    """Read what a node said; `UnavailableError` when that is not what `look.sh` prints."""
    told = sections_of(text)
    try:
        at = datetime.fromtimestamp(float(told["time"].lines[0]), UTC)
    except (KeyError, IndexError, ValueError, OverflowError) as error:
        raise UnavailableError("the node did not say what it was asked") from error
    gpus = told.get("gpus")
    seen = gpus is not None and gpus.status == 0
    return Inside(
        at=at,
        asked_at=asked_at,
        answered_at=answered_at,
        host=_first(told, "host"),
        up_s=_number(_first(told, "up").partition(" ")[0]) or 0.0,
        cpus=int(_number(_first(told, "cpus")) or 0),
        memory_kib=_memory(told, "MemTotal"),
        available_kib=_memory(told, "MemAvailable"),
        disks=tuple(_disks(told)),
        mounts=dict(_mounts(told)),
        services=frozenset(_lines(told, "services")),
        efa_devices=_lines(told, "efa"),
        gpus=tuple(_gpu(row) for row in _rows(gpus)) if gpus and seen else None,
        gpu_trouble=" ".join(gpus.lines[-1:]) if gpus and not seen else "",
        driver=next((row[7] for row in _rows(gpus)), None) if gpus and seen else None,
        neuron_devices=_lines(told, "neuron"),
        kernel=_lines(told, "kernel"),
        shared_writable=_shared(told.get("shared")),
        credentials=_lines(told, "credentials"),
        homes_on_root=_lines(told, "homes"),
        out_of_reach=frozenset(name for name in ("kernel", "disks", "inodes", "mounts") if not _worked(told, name)),
    )


def _worked(told: Mapping[str, Section], name: str) -> bool:
    return name in told and told[name].status == 0


def _lines(told: Mapping[str, Section], name: str) -> tuple[str, ...]:
    return told[name].lines if _worked(told, name) else ()


def _first(told: Mapping[str, Section], name: str) -> str:
    return next(iter(_lines(told, name)), "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _memory(told: Mapping[str, Section], key: str) -> int:
    rows = (line.split() for line in _lines(told, "memory") if line.startswith(f"{key}:"))
    return next((int(row[1]) for row in rows if row[1:] and row[1].isdecimal()), 0)


def _disks(told: Mapping[str, Section]) -> Iterator[Disk]:
    """Yield the file systems that matter; df of one that hangs leaves the others."""
    inodes = {row[5]: row for row in _table(told, "inodes")}
    for source, _, _, free, used, path in _table(told, "disks"):
        if path in _WORTH:
            counted = inodes.get(path, [""] * 6)[4].rstrip("%")
            percent = int(used.rstrip("%")) if used.rstrip("%").isdecimal() else 0
            yield Disk(path, source, percent, int(free), int(counted) if counted.isdecimal() else None)


def _table(told: Mapping[str, Section], name: str) -> Iterator[list[str]]:
    for line in told[name].lines if name in told else ():
        row = line.split(None, 5)
        if len(row) == 6 and row[3].isdecimal():  # noqa: PLR2004  df's columns
            yield row


def _mounts(told: Mapping[str, Section]) -> Iterator[tuple[str, str]]:
    for line in _lines(told, "mounts"):
        row = line.split()
        if len(row) > 2:  # noqa: PLR2004  what is mounted, where, as what
            yield row[1], row[2]


def _rows(section: Section) -> Iterator[list[str]]:
    for line in section.lines:
        row = [cell.strip() for cell in line.split(",")]
        if len(row) == 8 and row[0].isdecimal():  # noqa: PLR2004  the fields that nvidia-smi is asked for
            yield row


def _gpu(row: list[str]) -> Gpu:
    index, uuid, name, temperature, uncorrected, pending, failed, _ = row
    return Gpu(index, uuid, name, _whole(temperature), _whole(uncorrected), _yes(pending), _yes(failed))


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _yes(text: str) -> bool | None:
    """Read `Yes`, `1`, `No`, `0`; `[N/A]` is not known."""
    return {"yes": True, "1": True, "no": False, "0": False}.get(text.lower())


def _shared(section: Section | None) -> bool | None:
    return None if section is None or section.status == _NOBODY else section.status == 0
