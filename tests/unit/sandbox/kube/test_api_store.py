"""What a cluster's file keeps: everything that was answered, and a counter that never goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.sandbox.kube.status import StatusError
from hpctl.sandbox.kube.store import Store
from tests.unit.sandbox.kube.plain import plain_api


def test_objects_and_their_version_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sqlite3"
    before = plain_api(Store(path))
    secrets = before.resource("v1", "Secret")
    kept = before.create(secrets, "default", {"metadata": {"name": "kept"}, "type": "ä"}, manager="test")
    before.create(secrets, "default", {"metadata": {"name": "gone"}}, manager="test")
    before.delete(secrets, "default", "gone")
    # As after a kill: nobody closes the file.
    after = plain_api(Store(path))
    assert after.list(secrets) == (kept,)
    assert after.objects.version == before.objects.version
    again = after.create(secrets, "default", {"metadata": {"name": "gone"}}, manager="test")
    assert int(again["metadata"]["resourceVersion"]) == before.objects.version + 1


def test_of_the_time_before_a_restart_nothing_can_be_watched(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sqlite3"
    version = plain_api(Store(path)).objects.version
    after = plain_api(Store(path))
    assert after.objects.since(("", "secrets"), version) == ()
    with pytest.raises(StatusError, match="too old resource version"):
        after.objects.since(("", "secrets"), version - 1)


def test_what_is_too_large_is_not_kept() -> None:
    api = plain_api()
    maps, version = api.resource("v1", "ConfigMap"), api.objects.version
    with pytest.raises(StatusError, match="etcdserver: request is too large"):
        api.create(maps, "default", {"metadata": {"name": "big"}, "data": {"a": "x" * 1_600_000}}, manager="test")
    assert api.objects.version == version
    api.create(maps, "default", {"metadata": {"name": "fits"}, "data": {"a": "ä" * 700_000}}, manager="test")


def test_a_refused_object_changes_nothing() -> None:
    api = plain_api()
    jobs, version = api.resource("batch/v1", "Job"), api.objects.version
    with pytest.raises(StatusError, match=r'Job\.batch "j" is invalid: spec: Invalid value: it says so'):
        api.create(jobs, "default", {"metadata": {"name": "j"}, "spec": "wrong"}, manager="test")
    assert (api.objects.version, api.list(jobs)) == (version, ())


def test_a_dry_run_is_judged_and_not_kept() -> None:
    api = plain_api()
    secrets, version = api.resource("v1", "Secret"), api.objects.version
    made = api.create(secrets, "default", {"metadata": {"name": "one"}}, manager="test", dry_run=True)
    assert made["metadata"]["uid"]
    assert (api.objects.version, api.list(secrets)) == (version, ())
    with pytest.raises(StatusError, match="is invalid"):
        api.create(secrets, "default", {"metadata": {"name": "one"}, "spec": "wrong"}, manager="test", dry_run=True)
