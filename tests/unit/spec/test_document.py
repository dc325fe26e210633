from __future__ import annotations

import time

import pytest

from hpctl.errors import SpecError
from hpctl.spec.document import MAX_DEPTH, MAX_DOCUMENTS, compose, compose_all
from hpctl.spec.nodes import MappingNode, ScalarNode, SequenceNode


def refusal(text: str) -> tuple[int, int, str]:
    with pytest.raises(SpecError) as caught:
        compose("file", text)
    assert caught.value.message == "`file` cannot be read as a cluster spec"
    problem = caught.value.problems[-1]
    return problem.line, problem.column, problem.message


def only_value(text: str) -> ScalarNode:
    root, problems = compose("file", text)
    assert problems == ()
    assert isinstance(root, MappingNode)
    value = root.entries[0].value
    assert isinstance(value, ScalarNode)
    return value


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("", (1, 1, "the file is empty")),
        ("# nothing\n", (1, 1, "the file is empty")),
        ("a: 1\n---\nb: 2\n", (2, 1, "a second document begins here; a file describes one cluster")),
        ("a:\n\t- 1\n", (2, 1, "not YAML or JSON: a tab cannot indent YAML; use spaces")),
        (
            "a: !!python/name:os.system x",
            (1, 4, "the tag `tag:yaml.org,2002:python/name:os.system` is not understood; write plain YAML"),
        ),
        ("a: !mine {}", (1, 4, "the tag `!mine` is not understood; write plain YAML")),
        ("? [a]\n: 1\n", (1, 3, "a key must be a plain text")),
        ("a: *b", (1, 4, "`*b` stands before its anchor, or has none")),
        ("a: &a [*a]", (1, 8, "`*a` stands before its anchor, or has none")),
        ("<<: 3", (1, 5, "`<<` takes a mapping, or a list of mappings")),
        ('a: "\\ud83d"', (1, 1, "not YAML or JSON: a `\\u` escape names half of a character")),
        ("[" * 30_000, (1, MAX_DEPTH + 2, "nested deeper than 64 levels")),
    ],
)
def test_what_is_not_plain_data_is_refused_at_its_place(text: str, refused: tuple[int, int, str]) -> None:
    assert refusal(text) == refused


def test_broken_json_names_line_and_column() -> None:
    line, column, message = refusal('{\n  "a": 1\n  "b": 2\n}')
    assert (line, column) == (3, 6)
    assert message.startswith("not YAML or JSON: ")


def test_a_bomb_of_aliases_is_refused_within_50_ms() -> None:
    levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    levels += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    began = time.process_time()
    assert refusal("\n".join(levels))[2] == "more than 100,000 values, aliases expanded"
    assert time.process_time() - began < 0.05


def test_aliases_do_not_nest_deeper_than_brackets() -> None:
    half = "[" * 40, "]" * 40
    assert refusal(f"a: &a {half[0]}1{half[1]}\nb: {half[0]}*a{half[1]}")[2] == "nested deeper than 64 levels"


def test_an_alias_stands_for_what_it_names() -> None:
    root, _ = compose("file", "a: &a {x: 1}\nb: *a\n")
    assert isinstance(root, MappingNode)
    assert root.entries[0].value == root.entries[1].value


def test_merged_keys_yield_to_a_mappings_own() -> None:
    root, problems = compose("file", "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n")
    assert problems == ()
    assert isinstance(root, MappingNode)
    merged = root.entries[1].value
    assert isinstance(merged, MappingNode)
    held = {entry.key: entry.value.text for entry in merged.entries if isinstance(entry.value, ScalarNode)}
    assert held == {"x": "1", "y": "3"}


def test_a_key_that_comes_twice_names_both_lines() -> None:
    _, problems = compose("file", '{\n"a": {"b": 1,\n"b": 2}}')
    assert [(one.line, one.column, one.path, one.message) for one in problems] == [
        (3, 1, "a.b", "the key `b` comes twice; first in line 2")
    ]


def test_json_may_be_indented_with_tabs() -> None:
    value = only_value('{\n\t"a":\t1\n}')
    assert (value.text, value.plain, value.place.line, value.place.column) == ("1", True, 2, 7)


def test_characters_that_json_writes_in_halves_are_joined() -> None:
    assert only_value('{"a": "\\ud83d\\ude00"}').text == "😀"


def test_placeholders_need_no_quotes_within_brackets() -> None:
    root, _ = compose("file", "a: [${A}, x-${B}]\n")
    assert isinstance(root, MappingNode)
    items = root.entries[0].value
    assert isinstance(items, SequenceNode)
    assert [(one.text, one.place.column) for one in items.items if isinstance(one, ScalarNode)] == [
        ("${A}", 5),
        ("x-${B}", 11),
    ]


@pytest.mark.parametrize(
    ("written", "plain"), [("5", True), ('"5"', False), ("'5'", False), ("! 5", False), ("!!str 5", False)]
)
def test_quotes_and_string_tags_make_a_text(written: str, plain: bool) -> None:
    assert only_value(f"a: {written}").plain is plain


def test_every_document_is_read_and_empty_ones_are_not_there() -> None:
    roots, problems = compose_all("file", "---\n---\na: 1\na: 2\n---\nb: &x 2\nc: *x\n---\n", "a job")
    assert [root.place.line for root in roots] == [3, 6]
    assert [problem.message for problem in problems] == ["the key `a` comes twice; first in line 3"]


def test_an_anchor_ends_with_its_document() -> None:
    with pytest.raises(SpecError) as caught:
        compose_all("file", "a: &x 1\n---\nb: *x\n", "a job")
    assert caught.value.message == "`file` cannot be read as a job"
    assert caught.value.problems[-1].message == "`*x` stands before its anchor, or has none"


@pytest.mark.parametrize("written", ['"\\ue000\\ue001"', '"\\U0000E000\\uE001"', "\ue000\ue001"])
def test_characters_of_private_use_stay_what_they_are(written: str) -> None:
    assert only_value(f"a: {written}\nb: '${{X}}'").text == "\ue000\ue001"
    root, _ = compose("file", f"b: '${{X}}'\na: {written}")
    assert isinstance(root, MappingNode)
    assert [entry.value.text for entry in root.entries if isinstance(entry.value, ScalarNode)] == [
        "${X}",
        "\ue000\ue001",
    ]


def test_a_file_of_very_many_documents_is_refused_before_they_are_read() -> None:
    with pytest.raises(SpecError) as caught:
        compose_all("f", "---\na: 1\n" * (MAX_DOCUMENTS + 1), "a job")
    assert caught.value.problems[-1].message == "more than 1,000 documents"
    roots, _ = compose_all("f", "---\na: 1\n" * MAX_DOCUMENTS, "a job")
    assert len(roots) == MAX_DOCUMENTS
