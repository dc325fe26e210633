"""Values of secrets come from the environment or files, and are never repeated."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.services.job.secrets import secret_names, secret_values
from tests.unit.services.jobs import FakeFiles

FILES = FakeFiles(texts={"token.txt": "from a file"})


def test_a_file_wins_over_the_environment_and_that_over_what_the_job_file_told() -> None:
    env = {"A": "env a", "B": "env b"}
    values = secret_values(("A", "B", "C"), ("A=@token.txt", "D"), env | {"D": "env d"}, {"B": "told", "C": "c"}, FILES)
    assert values == {"A": "from a file", "B": "env b", "C": "c", "D": "env d"}


def test_what_the_job_file_leaves_empty_is_a_value_unless_there_is_another() -> None:
    told = {"A": "", "B": ""}
    assert secret_values(("A", "B"), (), {"B": "env b"}, told, FILES) == {"A": "", "B": "env b"}
    with pytest.raises(UsageError, match="secrets have no value: `A`"):
        secret_values(("A",), ("A=@empty",), {}, told, FakeFiles(texts={"empty": ""}))


@pytest.mark.parametrize("word", ["TOKEN=hf_abcdef", "TOKEN=", "TOKEN=@"])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(word: str) -> None:
    with pytest.raises(UsageError, match="does not belong on the command line") as refused:
        secret_names((word,))
    assert "hf_abcdef" not in f"{refused.value.message}{refused.value.hint}"
    assert "--secret TOKEN=@FILE" in (refused.value.hint or "")


def test_a_word_that_is_no_name_is_refused_without_being_repeated() -> None:
    with pytest.raises(UsageError, match="letters, digits and `_`") as refused:
        secret_names(("hf-secret-value",))
    assert "hf-secret" not in refused.value.message


def test_names_are_what_stands_before_the_file() -> None:
    assert secret_names(("A", "B=@x", "A")) == ("A", "B")


def test_all_that_have_no_value_are_named_at_once() -> None:
    with pytest.raises(UsageError, match="secrets have no value: `A`, `C`") as refused:
        secret_values(("A", "B", "C"), (), {"B": "b", "C": ""}, {}, FILES)
    with pytest.raises(UsageError, match="secrets have no value: `A`"):
        secret_values((), ("A=@empty",), {}, {}, FakeFiles(texts={"empty": ""}))
    assert refused.value.hint == "set the variable A in this shell\nor take it from a file: --secret A=@FILE"
