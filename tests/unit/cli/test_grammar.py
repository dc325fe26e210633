"""A line that is wrong is told as an object where it asks for one, and as text elsewhere."""

from __future__ import annotations

import gc
import json
import signal
import sys
from collections.abc import Iterator

import pytest

from hpctl.cli.grammar import asked_form
from hpctl.cli.main import main
from hpctl.errors import ExitCode
from hpctl.render.output import Output


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Give back what `main` takes from its process."""
    before, thresholds = signal.getsignal(signal.SIGTERM), gc.get_threshold()
    yield
    signal.signal(signal.SIGTERM, before)
    gc.set_threshold(*thresholds)


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["hpctl", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


@pytest.mark.scorecard(5)
@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("cluster", "list", "--nope", "-o", "json"), "No such option: --nope", "hpctl cluster list --help"),
        (("cluster", "nonsense", "-ojson"), "No such command 'nonsense'.", "hpctl cluster --help"),
        (("nonsense", "--output=jsonl"), "No such command 'nonsense'.", "hpctl --help"),
        (("--nope", "cluster", "list", "--output", "json"), "No such option: --nope", "hpctl --help"),
        (("cluster", "describe", "-o", "json"), "Missing argument 'NAME'.", "hpctl cluster describe --help"),
    ],
)
def test_a_wrong_line_that_asks_for_an_object_is_told_as_one(
    words: tuple[str, ...],
    message: str,
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = json.loads(ended(monkeypatch, capsys, *words))
    assert (told["kind"], told["schema_version"]) == ("Error", "hpctl/v1")
    assert told["error"]["code"] == "usage"
    assert told["error"]["exit_code"] == ExitCode.USAGE
    assert (told["error"]["message"], told["error"]["hint"]) == (message, hint)


@pytest.mark.parametrize("more", [(), ("-o", "yaml"), ("--", "-o", "json")])
def test_any_other_wrong_line_is_told_as_text(
    more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ended(monkeypatch, capsys, "cluster", "list", "--nope", *more)
    assert told.startswith("Usage: hpctl cluster list [OPTIONS]\n")
    assert told.endswith("Error: No such option: --nope\n")


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("cluster list -o json", Output.JSON),
        ("cluster list -ojsonl", Output.JSONL),
        ("cluster list --output=json", Output.JSON),
        ("job submit -- x -o json", None),
        ("cluster list -o", None),
        ("cluster list -o table", None),
        ("", None),
    ],
)
def test_what_is_asked_for_is_read_from_a_line_that_cannot_be_parsed(line: str, form: Output | None) -> None:
    assert asked_form(line.split()) is form
