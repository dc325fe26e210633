"""SkyPilot's configuration: contexts are added, and nothing that a person wrote goes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ruamel.yaml import YAML

from hpctl.adapters.local.sky_config import allowed
from hpctl.errors import SpecError

OURS = "hpctl:123456789012:us-west-2:demo"


def merged(text: str, current: str | None = "office") -> str:
    return allowed("config.yaml", text, OURS, current, 600)


def test_a_configuration_that_is_not_there_yet() -> None:
    assert merged("") == (
        "kubernetes:\n"
        "  allowed_contexts:\n"
        "    - office\n"
        f"    - {OURS}\n"
        "  context_configs:\n"
        f"    {OURS}:\n"
        "      provision_timeout: 600\n"
    )


def test_what_a_person_has_stays_to_the_letter() -> None:
    text = (
        "# mine\n"
        "kubernetes:\n"
        "  # the office\n"
        "  allowed_contexts:\n"
        "  - 'office'   # keep\n"
        "  provision_timeout: 30\n"
        "\n"
        "jobs: {controller: {resources: {cpus: 4+}}}\n"
    )
    assert merged(text, "elsewhere") == text.replace("keep\n", f"keep\n  - {OURS}\n")


@pytest.mark.parametrize(
    "text",
    [
        f"kubernetes: {{allowed_contexts: all, context_configs: {{'{OURS}': {{provision_timeout: 5}}}}}}\n",
        f"kubernetes:\n    allowed_contexts:   [ {OURS} ]\n    provision_timeout: 1\n",
    ],
)
def test_what_is_allowed_already_is_not_touched(text: str) -> None:
    assert merged(text) == text


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("kubernetes: [a]\n", 1, "`kubernetes` is no mapping"),
        ("a: 1\nkubernetes:\n  allowed_contexts: some\n", 3, "`allowed_contexts` is neither a list of contexts nor"),
        ("- a\n", 1, "is no mapping"),
        ("a: 1\nb: [\n", 3, "parsing"),
        ("a: 1\na: 2\n", 2, "duplicate"),
    ],
)
def test_what_is_no_configuration_is_refused_with_its_place(text: str, line: int, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        merged(text)
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == ("config.yaml", line)
    assert told in problem.message


names = (
    some.text(some.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
)
scalars = some.one_of(some.integers(), some.booleans(), names)
configurations = some.fixed_dictionaries(
    {},
    optional={
        "jobs": some.dictionaries(names, scalars, max_size=3),
        "kubernetes": some.fixed_dictionaries(
            {},
            optional={
                "allowed_contexts": some.one_of(some.just("all"), some.lists(names, max_size=4)),
                "namespace": names,
                "context_configs": some.dictionaries(names, some.dictionaries(names, scalars, max_size=2), max_size=2),
            },
        ),
    },
)


def plain(text: str) -> Any:
    return YAML(typ="safe").load(text) or {}


@given(configurations)
def test_every_configuration_keeps_what_it_says_and_the_second_time_changes_nothing(before: dict[str, Any]) -> None:
    written = StringIO()
    YAML().dump(before, written)
    text = written.getvalue()
    found = merged(text, "now")
    after = plain(found)
    had = before.get("kubernetes", {})
    if had.get("allowed_contexts") == "all":
        assert after["kubernetes"]["allowed_contexts"] == "all"
    else:
        assert after["kubernetes"]["allowed_contexts"] == [*had.get("allowed_contexts", ["now"]), OURS]
    assert after["kubernetes"]["context_configs"].pop(OURS) == {"provision_timeout": 600}
    assert after["kubernetes"]["context_configs"] == had.get("context_configs", {})
    assert after["kubernetes"].get("namespace") == had.get("namespace")
    assert after.get("jobs") == before.get("jobs")
    assert merged(found, "other") == found
