from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.catalog.plain import plain


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  a\tb\n\r\n c\u00a0d ", "a b c d"),
        ("\x1b[1;31mred\x1b[0m \x1b]8;;https://x\x07link\x1b]8;;\x07", "red link"),
        (r"\u001b[31mred\u001b[0m ^[[1mbold^[[0m #033[2mdim", "red bold dim"),
        ('say "x" `y` \u2018z\u2019 \u201cw\u201d', "say 'x' 'y' 'z' 'w'"),
        (r"{\"a\": \"b\"}\nnext\\n\tline", "{'a': 'b'} next line"),
        (r"it\u0027s \u003ca\u003e \u201cq\u201d", "it's <a> 'q'"),
        ("ze\u200bro\ufeff wi\u00addth", "zero width"),
        ("Case Stays", "Case Stays"),
    ],
)
def test_texts_become_comparable(text: str, same: str) -> None:
    assert plain(text) == same


@given(st.text())
def test_any_text_becomes_one_line_that_no_terminal_obeys(text: str) -> None:
    assert "\n" not in plain(text)
    assert plain(text).strip() == plain(text)
