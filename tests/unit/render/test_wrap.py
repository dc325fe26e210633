"""Lines are broken by the columns that they take, not by their characters."""

from __future__ import annotations

import re
import textwrap

from hypothesis import given
from hypothesis import strategies as st

from hpctl.render.layout import aside_lines, lines
from hpctl.render.page import Column, Fields, Prose, Styled, Table
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen, cell_width, cut
from hpctl.render.wrap import wrapped

NODES = "\u30c8\u30ec\u30fc\u30cb\u30f3\u30b0\u7528\u30af\u30e9\u30b9\u30bf\u30fc\u306f\u6e96\u5099\u4e2d\u3067\u3059"
EASTERN = f"{NODES}\u3001{NODES}\u3002 see `subnet {NODES}` and then {NODES}"


@given(st.text("abc `-x", max_size=120), st.integers(1, 60), st.integers(0, 12), st.integers(0, 8))
def test_narrow_text_is_wrapped_as_textwrap_does(text: str, width: int, first: int, further: int) -> None:
    line = one_line(text)
    tied = re.sub("`[^`]*`", lambda quoted: quoted[0].replace(" ", "\0"), line)
    indents = {"initial_indent": " " * first, "subsequent_indent": " " * further}
    rows = textwrap.TextWrapper(width, **indents, break_long_words=False, break_on_hyphens=False).wrap(tied)  # type: ignore[arg-type]
    expected = [row.replace("\0", " ") for row in rows] or [" " * first]
    assert wrapped(text, width, first=first, further=further) == expected


@given(st.integers(20, 100))
def test_scripts_without_spaces_end_at_the_edge_and_lose_nothing(width: int) -> None:
    rows = wrapped(EASTERN, width, further=2)
    longest_quote = cell_width(f"`subnet {NODES}`") + 2
    assert max(map(cell_width, rows)) <= max(width, longest_quote)
    assert "".join("".join(rows).split()) == "".join(EASTERN.split())
    assert [row for row in rows if row.strip()[0] in "\u3001\u3002"] == [], "what closes does not begin a line"
    assert sum(f"`subnet {NODES}`" in row for row in rows) == 1


@given(st.integers(12, 60))
def test_a_table_with_wide_text_stays_aligned_where_cells_are_wrapped(width: int) -> None:
    table = Table(
        (Column("NAME"), Column("WHY", least=8), Column("N", align=">")),
        [("ml", "all is well", "1"), ("\u6771\u4eac", NODES, Styled("12", "32"))],  # type: ignore[arg-type]
    )
    rows = list(lines([table], Screen(width, colour=False)))
    assert rows[0].startswith("NAME  WHY")
    place = cell_width(rows[0]) - 1
    ending = [row for row in rows if row.rstrip().endswith(("1", "12"))]
    assert [cell_width(row) for row in ending] == [place + 1] * 2
    why = {cell_width(row[: len(row) - len(row.lstrip())]) for row in rows if row.startswith("      ")}
    assert why <= {len("NAME  ")}
    assert "".join(char for row in rows for char in row if cell_width(char) > 1) == f"\u6771\u4eac{NODES}"


def test_fields_and_sentences_with_wide_text_hang_below_their_lead() -> None:
    screen = Screen(30, colour=False)
    fields = list(lines([Fields([("Name", NODES), ("Id", "i-1")])], screen))
    assert max(map(cell_width, fields)) <= 30
    assert fields[1].startswith("       ")
    sentence = list(lines([Prose(NODES, lead="fix:", indent=2)], screen))
    assert max(map(cell_width, sentence)) <= 30
    assert [row[:7] for row in sentence[1:]] == [" " * 7] * (len(sentence) - 1)


def test_a_remark_is_broken_at_words_below_its_lead_and_a_command_never() -> None:
    screen = Screen(30, colour=False)
    assert list(aside_lines("note: the lock of a process that is gone is taken over", screen)) == [
        "note: the lock of a process",
        "      that is gone is taken",
        "      over",
    ]
    command = 'to use it: eval "$(hpctl sandbox env --name another-one)"'
    assert list(aside_lines(f"up\n{command}", screen)) == ["up", command]
    assert list(aside_lines("a  b" * 20, Screen(None, colour=False))) == ["a  b" * 20]


def test_what_has_no_room_is_cut_by_columns() -> None:
    assert cut("looking", 7) == "looking"
    assert cut("looking", 6) == "looki\u2026"
    assert cut("\u6771\u4eac\u90fd", 6) == "\u6771\u4eac\u90fd"
    assert cut("\u6771\u4eac\u90fd", 5) == "\u6771\u4eac\u2026"
    assert cut("\u6771\u4eac\u90fd", 4) == "\u6771\u2026"


def test_a_column_that_only_recognises_is_cut_on_a_screen_and_whole_in_a_pipe() -> None:
    table = Table((Column("ID"), Column("SEEN AS", least=8, cut=True)), [("a", "no route to host"), ("b", NODES)])
    rows = list(lines([table], Screen(14, colour=False)))
    assert rows[:2] == ["ID  SEEN AS", "a   no route \u2026"]
    assert cell_width(rows[2]) <= 14
    assert rows[2].endswith("\u2026")
    assert len(rows) == 3
    assert list(lines([table], Screen(None, colour=False)))[1:] == ["a   no route to host", f"b   {NODES}"]
