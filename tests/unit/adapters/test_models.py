from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader

from hpctl.adapters.aws import models
from hpctl.adapters.aws.session import AwsSession
from tests.unit.adapters.wire import Wire, connect, ok


def loader_of(session: AwsSession) -> Any:
    return session._botocore.get_component("data_loader")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return models.cache_folder()


def whole_loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what is read from botocore's own files."""
    names: list[str] = []
    load = Loader.load_data_with_path

    def counting(self: Loader, name: str) -> Any:
        names.append(name)
        return load(self, name)

    monkeypatch.setattr(Loader, "load_data_with_path", counting)
    return names


def ask() -> int:
    wire = Wire(ok({"ClusterSummaries": []}))
    list(connect(wire).pages("sagemaker", "ListClusters", "ClusterSummaries"))
    return len(wire.sent)


def test_the_second_process_does_not_read_the_whole_model(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = whole_loads(monkeypatch)
    assert ask() == 1
    assert [name for name in names if "service-2" in name]
    assert {path.name for path in cache.iterdir()} == {"endpoints.json", "sagemaker.json"}
    names.clear()
    assert ask() == 1
    assert not [name for name in names if "sagemaker" in name or name == "endpoints"]


def test_a_cut_model_is_a_small_part_of_the_whole(cache: Path) -> None:
    ask()
    assert (cache / "sagemaker.json").stat().st_size < 200_000


@pytest.mark.parametrize("spoil", [b"", b"{}", b"\x00" * 200])
def test_a_spoilt_file_is_made_anew(cache: Path, spoil: bytes) -> None:
    ask()
    sound = (cache / "sagemaker.json").read_bytes()
    (cache / "sagemaker.json").write_bytes(spoil)
    assert ask() == 1
    assert (cache / "sagemaker.json").read_bytes() == sound


def test_a_cache_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert ask() == 1


def test_another_botocore_has_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    now = models.cache_folder()
    monkeypatch.setattr("botocore.__version__", "9.9.9")
    assert models.cache_folder() != now


def test_other_operations_have_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    now = models.cache_folder()
    monkeypatch.setattr(models, "OPERATIONS", {**models.OPERATIONS, "sts": frozenset({"GetCallerIdentity"})})
    assert models.cache_folder() != now


def test_models_of_the_user_are_respected(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(loader_of(AwsSession(profile=None, region="eu-west-1")), models.TrimmedLoader)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert type(loader_of(AwsSession(profile=None, region="eu-west-1"))) is Loader
    monkeypatch.delenv("AWS_DATA_PATH")
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))
    assert type(loader_of(AwsSession(profile=None, region="eu-west-1"))) is Loader


def test_without_a_home_no_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "cache_folder", lambda: Path("~/.cache/hpctl"))
    monkeypatch.chdir(tmp_path)
    assert ask() == 1
    assert list(tmp_path.iterdir()) == []


def test_services_that_are_not_cut_are_loaded_whole(cache: Path) -> None:
    loader = models.TrimmedLoader(cache)
    assert loader.load_service_model("sso", "service-2")["metadata"]["serviceId"] == "SSO"
    assert loader.load_service_model("sagemaker", "waiters-2")["waiters"]
    assert loader.load_data("partitions")["partitions"]
    assert not cache.exists()


def test_every_shape_that_an_operation_needs_is_kept(cache: Path) -> None:
    cut = models.TrimmedLoader(cache).load_service_model("sagemaker", "service-2")
    whole = botocore.session.Session().get_service_model("sagemaker")
    assert set(cut["operations"]) == set(models.OPERATIONS["sagemaker"])
    assert "ClusterInstanceType" in cut["shapes"]
    assert "ResourceInUse" in cut["shapes"], "errors are shapes too"
    assert "EventMetadata" in cut["shapes"], "however deep"
    assert "CreateTrainingJobRequest" in whole.shape_names
    assert "CreateTrainingJobRequest" not in cut["shapes"]
