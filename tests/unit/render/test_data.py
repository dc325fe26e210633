from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from hpctl.errors import UsageError
from hpctl.render.data import check_query, pretty
from hpctl.render.data import yaml as to_yaml
from hpctl.render.output import Output
from hpctl.render.show import show
from tests.in_turn import in_turn
from tests.unit.render.cluster_samples import CLUSTERS, NOW
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.samples import EVERY_REPORT

ALL = in_turn("name", EVERY_REPORT)


def shown(name: str, output: Output, query: str | None = None) -> str:
    terminal = on_a_tty()
    show(EVERY_REPORT[name], output, query, terminal, now=NOW)
    assert err(terminal) == ""
    return out(terminal)


@ALL
def test_json_is_exactly_the_report(name: str) -> None:
    data = EVERY_REPORT[name].model_dump(mode="json")
    assert shown(name, Output.JSON) == json.dumps(data, indent=2) + "\n"


@ALL
def test_yaml_says_the_same_as_json(name: str) -> None:
    assert YAML(typ="safe", pure=True).load(shown(name, Output.YAML)) == json.loads(shown(name, Output.JSON))


@ALL
def test_jsonl_is_the_report_in_one_line(name: str) -> None:
    text = shown(name, Output.JSONL)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert json.loads(text) == EVERY_REPORT[name].model_dump(mode="json")


@ALL
def test_name_is_one_name_a_line(name: str) -> None:
    assert shown(name, Output.NAME).splitlines() == list(EVERY_REPORT[name].names())


@pytest.mark.parametrize(
    "value", ["no", "1e3", "2026-03-01", "null", "~", " lead", "a: b", "- x", "'", "two\nlines", ""]
)
def test_yaml_keeps_strings_strings(value: str) -> None:
    assert YAML(typ="safe", pure=True).load(to_yaml({"key": value})) == {"key": value}


def test_yaml_keeps_the_order_of_the_json() -> None:
    assert to_yaml({"b": 1, "a": [{"d": None, "c": []}]}) == "b: 1\na:\n- d:\n  c: []\n"


def test_readable_letters_stay_readable_in_json_and_yaml() -> None:
    assert pretty({"name": "caf\u00e9"}) == '{\n  "name": "caf\u00e9"\n}\n'
    assert to_yaml({"name": "caf\u00e9"}) == "name: caf\u00e9\n"


@pytest.mark.parametrize("text", ["\x7f", "\x9b31m", "\u202e", "\U000e0041", "\u2028", "\ud800"])
def test_json_escapes_what_a_terminal_would_obey_and_reads_back_as_it_was(text: str) -> None:
    written = pretty({"text": f"caf\u00e9 {text}"})
    assert text not in written
    assert json.loads(written) == {"text": f"caf\u00e9 {text}"}


def test_a_query_chooses_from_the_json_form() -> None:
    assert json.loads(shown("clusters", Output.JSON, "clusters[].name")) == [row.name for row in CLUSTERS.clusters]
    assert shown("clusters", Output.YAML, "clusters[0].status") == "Creating\n...\n"
    assert shown("clusters", Output.JSON, "nothing.like.it") == "null\n"


@pytest.mark.parametrize("output", [Output.NAME, Output.JSONL])
def test_a_query_does_not_go_with_names_and_lines(output: Output) -> None:
    with pytest.raises(UsageError) as caught:
        show(CLUSTERS, output, "clusters", in_a_pipe())
    assert caught.value.message == f"`--query` does not go with `-o {output}`"
    assert caught.value.hint == "it goes with `-o table`, `-o json` and `-o yaml`"


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("clusters[", "`--query` is no JMESPath expression, column 10: it is not complete", "clusters[\n         ^"),
        ("a b", "`--query` is no JMESPath expression, column 3: `b` is unexpected", "a b\n  ^"),
        ("a # b", "`--query` is no JMESPath expression, column 3: `#` is unexpected", "a # b\n  ^"),
    ],
)
def test_a_bad_query_is_shown_with_the_place(query: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_query(query, Output.JSON)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("query", ["length(region, region)", "sum(region)", "nope(region)"])
def test_a_query_that_does_not_fit_the_report_is_a_usage_error(query: str) -> None:
    terminal = in_a_pipe()
    with pytest.raises(UsageError, match=r"^`--query` cannot be answered: ") as caught:
        show(CLUSTERS, Output.JSON, query, terminal)
    assert caught.value.hint is not None
    assert out(terminal) == ""


def test_an_empty_query_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"^`--query` is no JMESPath expression"):
        check_query("", Output.JSON)


def test_no_query_goes_with_everything() -> None:
    for output in Output:
        check_query(None, output)
