from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.kubelet.expansion import expanded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(A)", "one"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$one"),
        ("$(NOBODY)", "$(NOBODY)"),
        ("$A $ $(", "$A $ $("),
        ("$$$$", "$$"),
        ("$(A)$(A)", "oneone"),
        ("$(B)", "$(A)"),
    ],
)
def test_references_are_replaced_once(text: str, value: str) -> None:
    assert expanded(text, {"A": "one", "B": "$(A)"}) == value


@given(st.text(alphabet="$()AB x", max_size=30))
def test_any_text_survives_being_escaped(text: str) -> None:
    assert expanded(text.replace("$", "$$"), {"A": "1", "B": "2", "": "3"}) == text
