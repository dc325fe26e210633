"""The pictures of the documentation: each is of a scene, each is shown, and what they show is so."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tools.record_screens import FOLDER, SIZES, name_of, pictures
from tools.screens.picture import svg
from tools.screens.steady import Steady
from tools.screens.story import ALONE, IN_AN_ACCOUNT
from tools.screens.terminal import Row, Size, Terminal, text_of

NAMES = {name_of(scene, size) for scene in (*ALONE, *IN_AN_ACCOUNT) for size in SIZES}


def test_there_is_a_picture_of_every_scene_at_every_size_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == NAMES


def test_every_picture_is_shown_and_every_shown_one_is_there(repository: Path) -> None:
    pages = [repository / "README.md", *(repository / "docs").rglob("*.md")]
    shown = {
        (page.parent / target).resolve()
        for page in pages
        for target in re.findall(r"!\[[^\]]+\]\(([^)]+\.svg)\)", page.read_text(encoding="utf-8"))
    }
    assert {path.name for path in shown if path.parent == FOLDER} == NAMES
    assert [path for path in shown if not path.is_file()] == []


@pytest.mark.functional
def test_what_needs_no_sandbox_is_recorded_as_it_is() -> None:
    found = dict(pictures(("alone",)))
    assert len(found) == len(ALONE) * len(SIZES)
    stale = [name for name, text in found.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m tools.record_screens alone`, look at the pictures and commit them"


def test_nothing_in_a_picture_comes_from_elsewhere_or_from_this_machine() -> None:
    for name in NAMES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}, name
        assert "/tmp/" not in text, name
        assert Path.home().as_posix() + "/" not in text, name


def test_a_picture_reads_on_dark_and_on_light_pages() -> None:
    for name in NAMES:
        root = ET.fromstring((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S314 - our own file
        style = next(one.text or "" for one in root.iter() if one.tag.endswith("style"))
        dark, _, light = style.partition("@media (prefers-color-scheme: light)")
        used = {word for one in root.iter() if one.tag.endswith("}text") for word in one.get("class", "").split()}
        assert {word for word in used if f".{word} {{" not in dark} == set(), name
        assert {word for word in used - {"bold", "underlined"} if f".{word} {{" not in light} == set(), name


def _shown(text: str, columns: int = 40) -> tuple[Row, ...]:
    with Terminal(("printf", "%s", text), Size(columns, 5), {"TERM": "xterm-256color"}, Path("/")) as terminal:
        assert terminal.end() == 0
        return terminal.rows


def _texts(picture: str) -> list[tuple[str | None, str | None, str | None, str | None]]:
    found = (one for one in ET.fromstring(picture).iter() if one.tag.endswith("}text"))  # noqa: S314 - our own
    return [(one.text, one.get("class"), one.get("x"), one.get("textLength")) for one in found]


def test_colour_weight_and_wide_characters_are_drawn_where_they_stand() -> None:
    rows = _shown("\x1b[1;31mfail\x1b[0m  \x1b[2mfaint\x1b[0m \x1b[38;2;1;2;3m<&>\x1b[0m\r\n名前  ok")
    assert _texts(svg(rows, "a & b")) == [
        ("fail", "red bold", "12", "33.6"),
        ("faint", "brightblack", "62.4", "42"),
        ("<&>", "", "112.8", "25.2"),
        ("名前", "default", "12", "33.6"),
        ("ok", "default", "62.4", "16.8"),
    ]


def test_what_differs_from_run_to_run_is_the_same_in_pictures() -> None:
    text = "i-{0} up {1}s\r\nnow 20{1}-01-01T01:02:{1}Z on i-{0}"
    first, second = (
        Steady()(_shown(text.format(digits, number), 34)) for digits, number in (("0af" * 5 + "12", 31), ("9" * 17, 27))
    )
    assert first == second
    told = "".join(map(text_of, first))
    assert "20s" in told
    assert "2026-11-20T09:00:00Z" in told
    assert len(set(re.findall(r"i-[0-9a-f]{17}", told))) == 1  # one of them is cut by the edge of the terminal


def test_a_command_that_ends_otherwise_gives_no_picture() -> None:
    with Terminal(("false",), Size(80, 24), {}, Path("/")) as terminal:
        assert terminal.end() == 1
    with Terminal(("true",), Size(80, 24), {}, Path("/")) as terminal, pytest.raises(AssertionError, match="`never`"):
        terminal.until("never")
