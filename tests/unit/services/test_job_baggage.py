"""What goes along with a job, and where it comes to lie."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.facts.local_files import Sensitive
from hpctl.services.job import baggage
from hpctl.services.job.baggage import packed
from hpctl.spec.job import Contract, JobSpec, Mount
from tests.unit.services.jobs import FakeFiles


def test_the_working_directory_lies_where_the_contract_says() -> None:
    files = FakeFiles(folders=(".",))
    assert packed(JobSpec(name="a", workdir="."), files, Sensitive.REFUSED).archives == {"/workdir": b"tar"}
    sky = JobSpec(name="a", workdir=".", contract=Contract.SKYPILOT)
    assert packed(sky, files, Sensitive.INCLUDED).archives == {"~/sky_workdir": b"tar"}
    assert files.packed == [({".": "."}, Sensitive.REFUSED), ({".": "."}, Sensitive.INCLUDED)]


def test_folders_have_archives_of_their_own_and_files_share_that_of_their_folder() -> None:
    files = FakeFiles(folders=("src",))
    mounts = (
        Mount(path="/data/src", local="src"),
        Mount(path="/data/a.txt", local="x/a"),
        Mount(path="/data/b.txt", local="y/b"),
        Mount(path="/fsx", claim="fsx"),
    )
    assert set(packed(JobSpec(name="a", mounts=mounts), files, Sensitive.REFUSED).archives) == {"/data/src", "/data"}
    assert [sources for sources, _ in files.packed] == [{".": "src"}, {"a.txt": "x/a", "b.txt": "y/b"}]


def test_without_anything_local_nothing_is_packed() -> None:
    files = FakeFiles()
    assert packed(JobSpec(name="a"), files, Sensitive.REFUSED) == baggage.Baggage({})
    assert files.packed == []


def test_what_is_too_much_together_is_refused_with_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    files = FakeFiles(folders=(".", "src"))
    files.archive = b"x" * 1024
    monkeypatch.setattr(baggage, "PACKED_BYTES", 2000)
    spec = JobSpec(name="a", workdir=".", mounts=(Mount(path="/src", local="src"),))
    with pytest.raises(UsageError, match=r"`/workdir` 0\.0 MiB, `/src` 0\.0 MiB"):
        packed(spec, files, Sensitive.REFUSED)


def test_a_file_is_no_working_directory() -> None:
    with pytest.raises(UsageError, match=r"the working directory `train\.py` is no folder"):
        packed(JobSpec(name="a", workdir="train.py"), FakeFiles(), Sensitive.REFUSED)


def test_an_empty_folder_is_said() -> None:
    files = FakeFiles(folders=(".",))
    files.files = 0
    found = packed(JobSpec(name="a", workdir="."), files, Sensitive.REFUSED)
    assert found.notices == ("/workdir: left out", "/workdir: there are no files to take along")
