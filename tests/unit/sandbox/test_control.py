"""Starting refuses what cannot be, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import NotFoundError, UsageError
from hpctl.sandbox import control


def test_without_moto_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        control.up("one", environ={"HPCTL_SANDBOX_HOME": str(tmp_path)})
    assert caught.value.hint == "pip install 'hpctl[sandbox]'"
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("pace", [0.0, -1.0, 0.05])
def test_a_pace_must_leave_time_to_look(tmp_path: Path, pace: float) -> None:
    with pytest.raises(UsageError, match="is too fast"):
        control.up("one", pace=pace, environ={"HPCTL_SANDBOX_HOME": str(tmp_path)})
    assert not (tmp_path / "one").exists()


def test_a_sandbox_that_is_down_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        control.running("one", environ={"HPCTL_SANDBOX_HOME": str(tmp_path)})
    assert caught.value.hint == "hpctl sandbox up --name one"


def test_the_server_inherits_no_credentials() -> None:
    real = {"AWS_PROFILE": "real", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_ENDPOINT_URL": "https://real", "PATH": "/bin"}
    given = control._server_environment(real)
    assert "real" not in " ".join(given.values())
    assert "AKIAREAL" not in given.values()
    assert given["PATH"] == "/bin"
    assert given["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
