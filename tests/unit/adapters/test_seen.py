"""The cache of names that the shell completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.adapters.local import seen
from hpctl.adapters.local.seen import KEPT_S, SeenNames

NOW = 1_000_000_000.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _name: tmp_path)
    return tmp_path / "names.json"


def noted(names: SeenNames, *rows: tuple[str, str, str], at: float = NOW) -> SeenNames:
    names.note(rows, (), at)
    return names


def test_what_was_seen_last_is_offered_first() -> None:
    names = noted(SeenNames({}), ("clusters", "", "old"), at=NOW - 60)
    noted(names, ("clusters", "", "new"))
    assert names.names("clusters", None, NOW) == ["new", "old"]


def test_a_job_belongs_to_its_cluster() -> None:
    names = noted(SeenNames({}), ("jobs", "one", "a"), ("jobs", "two", "b"))
    assert (names.names("jobs", "one", NOW), names.names("jobs", None, NOW)) == (["a"], ["a", "b"])
    assert names.names("jobs", "three", NOW) == []


def test_what_is_gone_is_forgotten_and_what_was_not_seen_for_long_too() -> None:
    names = noted(SeenNames({}), ("clusters", "", "gone"), ("clusters", "", "kept"))
    names.note((), (("clusters", "", "gone"), ("clusters", "", "never was")), NOW)
    assert names.names("clusters", None, NOW + KEPT_S - 1) == ["kept"]
    assert names.names("clusters", None, NOW + KEPT_S) == []


@pytest.mark.parametrize(
    "other",
    [
        SeenNames({"AWS_PROFILE": "other"}),
        SeenNames({"AWS_REGION": "eu-west-1"}),
        SeenNames({"AWS_ACCESS_KEY_ID": "AKIAOTHER"}),
        SeenNames({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}),
        SeenNames({}, profile="other"),
        SeenNames({}, region="eu-west-1"),
    ],
)
def test_another_account_or_region_has_names_of_its_own(other: SeenNames, cache: Path) -> None:
    noted(SeenNames({}), ("clusters", "", "mine"))
    assert other.names("clusters", None, NOW) == []
    noted(other, ("clusters", "", "theirs"))
    assert SeenNames({}).names("clusters", None, NOW) == ["mine"]
    assert "AKIAOTHER" not in cache.read_text()


def test_what_was_said_on_the_line_is_as_good_as_the_environment() -> None:
    noted(SeenNames({}, profile="p", region="r"), ("clusters", "", "a"))
    assert SeenNames({"AWS_PROFILE": "p", "AWS_DEFAULT_REGION": "r"}).names("clusters", None, NOW) == ["a"]


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", "1", '{"a": 1}', '{"a": {"b": {"c": {"d": "e"}}}}', '{"a": {"b": []}}']
)
def test_a_spoilt_cache_is_an_empty_one_and_is_written_anew(spoilt: str, cache: Path) -> None:
    cache.write_text(spoilt)
    names = SeenNames({})
    assert names.names("clusters", None, NOW) == []
    assert noted(names, ("clusters", "", "a")).names("clusters", None, NOW) == ["a"]


def test_the_latest_names_stay_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST_NAMES", 2)
    names = SeenNames({})
    for number in range(4):
        noted(names, ("nodes", "c", f"n{number}"), at=NOW + number)
    assert names.names("nodes", "c", NOW + 4) == ["n3", "n2"]


def test_it_is_private_and_nothing_stays_beside_it(cache: Path) -> None:
    noted(SeenNames({}), ("clusters", "", "a"))
    assert cache.stat().st_mode & 0o777 == 0o600
    assert list(cache.parent.iterdir()) == [cache]
