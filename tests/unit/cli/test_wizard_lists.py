"""Lists of the wizard: rows that fit, reasons that are read, and arrows that always come back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import questionary
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import DummyOutput
from questionary import Choice, Separator
from questionary.prompts.common import InquirerControl

from hpctl.cli.wizard.choices import OTHER, rows
from hpctl.cli.wizard.keys import free_to_move, leave_with_escape
from hpctl.services.wizard.interview import Move
from hpctl.services.wizard.prepare import Prepared
from hpctl.services.wizard.question import Option

OPTIONS = (
    Option("subnet-1", "4000 free addresses"),
    Option("subnet-22", "a name\x1b[31m that " + "goes on " * 20),
    Option("subnet-3", "", "has 27 free addresses, and the nodes need 162"),
    Option("subnet-4", "", "a reason that is far too long for the line of the option " * 2),
)
LEAD = 5


def asked(*options: Option, closed: bool = False) -> Prepared:
    return Prepared("subnet", "In which?", "help", options, (), (1, 1), closed=closed)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_row_fits_the_screen_and_obeys_nobody(width: int) -> None:
    for row in rows(asked(*OPTIONS), width):
        reason = f" ({row.disabled})" if isinstance(row.disabled, str) and not isinstance(row, Separator) else ""
        assert len(f"{row.title}{reason}") <= width - LEAD
        assert "\x1b" not in str(row.title)


def test_labels_are_aligned_and_what_cannot_be_chosen_says_why() -> None:
    first, second, third, fourth, why, more, other = rows(asked(*OPTIONS), 80)
    assert str(first.title).index("4000") == str(second.title).index("a name")
    assert third.disabled == "has 27 free addresses, and the nodes need 162"
    assert fourth.title == "subnet-4"
    assert fourth.disabled
    told = f"{str(why.title).strip()} {str(more.title).strip()}"
    assert told == " ".join(["a reason that is far too long for the line of the option"] * 2)
    assert other.value == OTHER


def test_what_an_option_lacks_is_told_below_it_and_it_can_be_chosen() -> None:
    row, why, _other = rows(asked(Option("subnet-1", "100 free", lacking="has 100 free addresses")), 80)
    assert (row.value, row.disabled) == ("subnet-1", None)
    assert isinstance(why, Separator)
    assert str(why.title).strip() == "not alone: has 100 free addresses"


def test_a_closed_question_lets_nothing_else_be_typed() -> None:
    assert [row.value for row in rows(asked(Option("eks"), closed=True), 80)] == ["eks"]


def a_list(*choices: Choice) -> tuple[Any, InquirerControl]:
    application: Any = questionary.select(
        "which?", list(choices), use_search_filter=True, use_jk_keys=False, output=DummyOutput()
    ).application
    leave_with_escape(application)
    free_to_move(application)
    return application, next(one for one in application.layout.find_all_controls() if isinstance(one, InquirerControl))


def press(application: Any, key: Keys) -> list[object]:
    """Run what a key is bound to, as prompt_toolkit does: the last binding; return what the prompt ends with."""
    ended: list[object] = []

    def leave(*, result: object) -> None:
        ended.append(result)

    app = SimpleNamespace(exit=leave)
    application.key_bindings.get_bindings_for_keys((key,))[-1].handler(cast("Any", SimpleNamespace(app=app)))
    return ended


def test_arrows_move_among_what_the_filter_leaves() -> None:
    application, control = a_list(Choice("c5 one"), Choice("p5 no", disabled="quota 0"), Choice("p5 a"), Choice("p5 b"))
    control.search_filter = "p5"
    control.pointed_at = 0
    moved = []
    for key in (Keys.Down, Keys.Down, Keys.Down, Keys.Up):
        press(application, key)
        moved.append(control.get_pointed_at().title)
    assert moved == ["p5 a", "p5 b", "p5 a", "p5 b"]


def test_arrows_come_back_where_nothing_that_is_left_can_be_chosen() -> None:
    application, control = a_list(Choice("c5 one"), Choice("p5 no", disabled="quota 0"), Choice("p5 nor", disabled="0"))
    control.search_filter = "p5"
    control.pointed_at = 0
    press(application, Keys.Down)
    press(application, Keys.Up)
    assert control.get_pointed_at().disabled


def test_escape_goes_back() -> None:
    application, _control = a_list(Choice("one"))
    assert press(application, Keys.Escape) == [Move.BACK]
