from __future__ import annotations

import pytest

from hpctl.render.safe import flat, one_line, safe_text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("\x7f", "\\x7f"),
        ("\r", "\\r"),
        ("a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\x00", "\\x00"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown_as_an_escape(raw: str, shown: str) -> None:
    assert safe_text(raw) == shown


@pytest.mark.parametrize(
    "text", ["", "plain", "[/foo] [link=x]", "two\nlines\tand a tab", "caf\u00e9 \u2713 \u6771\u4eac"]
)
def test_all_other_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_every_control_character_is_escaped_but_newline_and_tab() -> None:
    controls = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
    assert [char for char in safe_text(controls) if not " " <= char <= "~"] == ["\t", "\n"]


def test_one_line_folds_white_space_and_flat_keeps_its_width() -> None:
    assert one_line(" a\n\t b \x1b ") == "a b \\x1b"
    assert flat("a\n\tb ") == "a  b "
