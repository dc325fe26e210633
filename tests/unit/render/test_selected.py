"""What a query chose, as people read it: one's own columns, and nothing else on stdout."""

from __future__ import annotations

import pytest

from hpctl.render.output import Output
from hpctl.render.show import show
from tests.in_turn import in_turn
from tests.unit.render.cluster_samples import CLUSTERS, NOW
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.samples import EVERY_REPORT

FIRST, SECOND = (row.name for row in CLUSTERS.clusters[:2])


def chosen(query: str, report: str = "clusters", output: Output = Output.TABLE) -> list[str]:
    terminal = in_a_pipe()
    show(EVERY_REPORT[report], output, query, terminal, now=NOW)
    assert err(terminal) == ""
    return out(terminal).splitlines()


def test_objects_are_rows_under_the_names_that_one_gave_them() -> None:
    header, *rows = chosen("clusters[].{CLUSTER: name, STATE: status}")
    assert header.split() == ["CLUSTER", "STATE"]
    assert [row.split() for row in rows] == [[one.name, one.status] for one in CLUSTERS.clusters]
    assert chosen("clusters[].{CLUSTER: name, STATE: status}", output=Output.WIDE) == [header, *rows]


@pytest.mark.scorecard(4)
@in_turn("name", EVERY_REPORT)
def test_any_list_of_a_report_can_be_a_table_of_ones_own(name: str) -> None:
    data = EVERY_REPORT[name].model_dump(mode="json")
    for member, rows in data.items():
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            continue
        keys = [key for key, value in rows[0].items() if isinstance(value, str) and value.isalnum()]
        wanted = ", ".join((*(f"{key.upper()}: {key}" for key in keys), "N: length(@)"))
        header, *lines = chosen(f"{member}[:1].{{{wanted}}}", name)
        assert header.split() == [*map(str.upper, keys), "N"]
        assert [line.split() for line in lines] == [[*(rows[0][key] for key in keys), str(len(rows[0]))]]


def test_lists_are_rows_without_a_header() -> None:
    assert [row.split() for row in chosen("clusters[].[status, name]")] == [
        [one.status, one.name] for one in CLUSTERS.clusters
    ]


def test_values_are_a_line_each() -> None:
    assert chosen("clusters[].name") == [one.name for one in CLUSTERS.clusters]
    assert chosen("clusters[0].name") == [FIRST]
    assert chosen("length(clusters)") == [str(len(CLUSTERS.clusters))]


def test_one_object_is_its_members() -> None:
    assert chosen("clusters[1].{cluster: name, none: nothing, more: [name]}") == [
        f"cluster:  {SECOND}",
        "none:     -",
        f'more:     ["{SECOND}"]',
    ]


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("[`1`, `null`, `true`, 'a', `{}`, `[1, {}]`]", ["1", "-", "true", "a", "{}", "[1,{}]"]),
        ('[`{"a": 1}`, `{"a": 20, "b": [1]}`]', [" a  b", " 1  -", "20  [1]"]),
        ("[`[1, 2]`, `[3]`]", ["1  2", "3  -"]),
        ('[`{"ready": true}`]', ["ready", "true"]),
        ('[`{"名前": "x", "\\u001b": "y", "c": "z"}`]', ["名前  \\x1b  c", "x     y     z"]),
        ('[`{"steps": 7}`]', ["steps", "    7"]),
        ("[`{}`, `{}`]", ["{}", "{}"]),
        ("`{}`", ["{}"]),
        ("[`[]`, `[1]`]", ["[]", "[1]"]),
        ('[`"\\u001b[2J"`, `{"a\\u001b": "\\u202e"}`]', ["\\x1b[2J", '{"a\\u001b":"\\u202e"}']),
        ('`{"\\u001b]0;": "\\u009b"}`', ["\\x1b]0;:  \\x9b"]),
        ('[`{"\\u001b]0;": "\\u009b"}`]', ["\\x1b]0;", "\\x9b"]),
    ],
)  # fmt: skip
def test_whatever_is_chosen_is_told_and_safe(query: str, lines: list[str]) -> None:
    assert chosen(query) == lines


@pytest.mark.parametrize("query", ["nothing.like.it", "clusters[?name == 'nobody']"])
def test_nothing_is_said_beside_the_answer(query: str) -> None:
    terminal = in_a_pipe()
    show(CLUSTERS, Output.TABLE, query, terminal)
    assert (out(terminal), err(terminal)) == ("", "the query found nothing\n")


def test_a_narrow_screen_loses_no_column_that_was_asked_for() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    wide = {"A": "a" * 70, "B": "b" * 70}
    show(CLUSTERS, Output.TABLE, f'[`{{"A": "{wide["A"]}", "B": "{wide["B"]}"}}`]', terminal)
    assert out(terminal).splitlines()[1].split() == [*wide.values()]
