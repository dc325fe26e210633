"""Lifecycle scripts: what was written, and what is uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.render.identities import identity_line
from hpctl.render.page import WIDE, Aside, Blank, Column, Piece, Prose, Style, Styled, Table
from hpctl.render.words import counted, known
from hpctl.report.lifecycle import ScriptFolderReport, ScriptStanding, ScriptUploadReport

_STYLES: Final = {"new": Style.GOOD, "same": Style.PLAIN, "different": Style.WARN, "only in S3": Style.DIM}


def script_folder(report: ScriptFolderReport) -> Iterator[Piece]:
    """Yield the files, and beside them what comes next."""
    yield Table(
        (Column("FILE"), Column("BYTES", align=">"), Column("SHA256", WIDE)),
        [(f"{report.folder}/{row.name}", known(row.size), row.sha256) for row in report.files],
    )
    for command in report.then:
        yield Aside(f"next: {command}")


def script_upload(report: ScriptUploadReport) -> Iterator[Piece]:
    """Yield who puts what where, file by file, and what that amounts to."""
    yield identity_line(report.identity)
    yield Blank()
    yield Table(
        (Column("FILE"), Column("IN S3"), Column("BYTES", align=">"), Column("SHA256", WIDE)),
        [(row.name, _standing(report, row), known(row.size), known(row.sha256)) for row in report.files],
    )
    yield Blank()
    yield Prose(f"{report.uri}: {_told(report)}")


def _standing(report: ScriptUploadReport, row: ScriptStanding) -> Styled:
    if row.name in report.uploaded:
        return Styled("uploaded", Style.GOOD)
    return Styled(row.state, _STYLES[row.state])


def _told(report: ScriptUploadReport) -> str:
    if report.uploaded:
        return f"{counted(len(report.uploaded), 'file')} uploaded and read back"
    if not report.wanted:
        return "everything is there already"
    return f"{counted(len(report.wanted), 'file')} to upload"
