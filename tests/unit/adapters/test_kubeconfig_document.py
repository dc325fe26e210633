"""A kubeconfig as text: what is not hpctl's stays as it stands, and what is no kubeconfig is refused with its place."""

from __future__ import annotations

import time

import pytest

from hpctl.adapters.local.kubeconfig_document import Document
from hpctl.adapters.local.kubeconfig_merge import demand_ours, merge
from hpctl.errors import ConflictError, SpecError
from tests.unit.adapters.kubeconfigs import ADDED, LIVED_IN, NAME, an_entry


def merged(text: str, **members: object) -> str:
    document = Document("config", text)
    demand_ours(document, an_entry(**members))
    merge(document, an_entry(**members))
    return document.text()


def test_a_file_that_is_only_read_is_written_as_it_was() -> None:
    assert Document("config", LIVED_IN).text() == LIVED_IN


def test_what_is_added_leaves_every_other_byte_as_it_was() -> None:
    assert merged(LIVED_IN) == ADDED


def test_adding_twice_changes_nothing() -> None:
    document = Document("config", ADDED)
    assert merge(document, an_entry()) == ()
    assert document.text() == ADDED


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "null\n", "~\n"])
def test_an_empty_file_becomes_a_kubeconfig(text: str) -> None:
    document = Document("config", merged(text))
    assert (document.names("contexts"), document.names("clusters"), document.names("users")) == ((NAME,),) * 3
    assert "apiVersion: v1\nkind: Config\n" in merged(text)


@pytest.mark.parametrize("nothing", ["null", "~", "[]", ""])
def test_lists_without_entries_take_the_first(nothing: str) -> None:
    text = f"apiVersion: v1\nclusters: {nothing}\ncontexts: {nothing}\nusers: {nothing}\n"
    assert Document("config", merged(text)).names("contexts") == (NAME,)


def test_lists_that_stand_in_keep_standing_in() -> None:
    text = "clusters:\n  - name: a\n    cluster: {}\nusers:\n  - name: a\n    user: {}\n"
    assert merged(text).startswith("clusters:\n  - name: a\n    cluster: {}\n  - cluster:\n      certificate-")


def test_json_is_a_kubeconfig_too() -> None:
    text = '{"apiVersion": "v1", "clusters": [{"name": "a", "cluster": {"server": "s"}}], "users": []}\n'
    document = Document("config", merged(text))
    assert document.names("clusters") == ("a", NAME)


def test_an_entry_is_brought_up_to_date_and_keeps_what_others_put_into_it() -> None:
    known = merged("").replace("    server:", "    proxy-url: http://here\n    server:")
    document = Document("config", known)
    assert merge(document, an_entry(server="https://moved")) == ("cluster",)
    cluster = document.entry("clusters", NAME)
    assert cluster is not None
    assert (cluster["server"], cluster["proxy-url"]) == ("https://moved", "http://here")


def test_the_namespace_of_a_context_stays_unless_another_is_named() -> None:
    document = Document("config", merged("", namespace="team"))
    assert merge(document, an_entry()) == ()
    assert merge(document, an_entry(namespace="other")) == ("context",)
    context = document.entry("contexts", NAME)
    assert context is not None
    assert context["namespace"] == "other"


@pytest.mark.parametrize("word", ["123", "1e3", "true", "no", "null", "0x1f", "y"])
def test_a_name_that_yaml_takes_for_something_else_is_quoted(word: str) -> None:
    assert f'namespace: "{word}"' in merged("", namespace=word)


@pytest.mark.parametrize("word", ["a: b", "# a", "- a", "it's", 'say "so"', "a\tb", "{a", "*a", "ünïcode"])
def test_any_text_comes_back_as_it_was(word: str) -> None:
    assert word in Document("config", merged("", context=word)).names("contexts")


def test_comments_before_the_next_list_stay_there() -> None:
    text = "clusters:\n- cluster: {server: s}\n  name: a\n# about users\nusers: []\n"
    assert merged(text).splitlines()[3] == "- cluster:"
    assert "ml-cluster\n# about users\nusers:" in merged(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("users:\n- name: {name}\n  user: {{token: abc}}\n", "user"),
        ("users:\n- name: {name}\n  user:\n    exec:\n      command: aws\n      args: [eks, get-token]\n", "user"),
        ("users:\n- name: {name}\n  user:\n", "user"),
        ("clusters:\n- name: {name}\n  cluster: {{server: https://elsewhere}}\n", "cluster"),
        ("contexts:\n- name: {name}\n  context: {{cluster: prod, user: admin}}\n", "context"),
        ("contexts:\n- name: {name}\n  context: {{cluster: {name}, user: admin}}\n", "context"),
    ],
)
def test_what_is_not_hpctls_is_never_taken_over(text: str, what: str) -> None:
    with pytest.raises(ConflictError) as caught:
        merged(text.format(name=f'"{NAME}"'))
    assert caught.value.message == f"the kubeconfig `config` has a {what} `{NAME}` that is not hpctl's"
    assert str(caught.value.hint).startswith("give the context another name: --context" if what == "context" else "rem")


BROKEN = [
    ("a: [1,\n", 2, 1, "while parsing a flow node, expected the node content, but found '<stream end>'"),
    ("a: 1\n b: 2\n", 2, 3, "mapping values are not allowed here"),
    ("a: 1\nb: 2\na: 3\n", 3, 1, "the key `a` comes twice"),
    ("a: \t\x07\n", 1, 1, "special characters are not allowed"),
    ("- a\n", 1, 1, "is no mapping"),
    ("words\n", 1, 1, "is no mapping"),
    ("kind: Config\nusers: 7\n", 2, 1, "`users` is no list"),
    ("contexts:\n- name: a\n- context: {}\n", 3, 3, "`contexts[1]` has no name"),
    ("contexts:\n- 7\n", 2, 3, "`contexts[0]` has no name"),
    ("a: *b\n", 1, 4, "found undefined alias 'b'"),
]


@pytest.mark.parametrize(("text", "line", "column", "what"), BROKEN, ids=[repr(case[0]) for case in BROKEN])
def test_what_is_no_kubeconfig_is_refused_with_its_place(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(SpecError) as caught:
        Document("config", text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("config", line, column)
    assert what in problem.message
    assert caught.value.message == "`config` is no kubeconfig, and nothing was changed in it"


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    began = time.process_time()
    assert Document("config", "\n".join(lines) + "\n").text()
    assert time.process_time() - began < 1


def test_a_tower_of_brackets_is_refused_at_its_hundredth_floor() -> None:
    with pytest.raises(SpecError) as caught:
        Document("config", "a: " + "[" * 10_000)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.message) == (1, 103, "is nested deeper than 100 levels")


def test_extensions_may_be_nested() -> None:
    deep = Document("config", "extensions: " + "[" * 90 + "]" * 90 + "\n").text()
    assert (deep.count("["), deep.count("]")) == (90, 90)
