"""Scripts into S3: what is compared, what is never overwritten, and what is read back."""

from __future__ import annotations

from hashlib import sha256

import pytest

from hpctl.checks.scripts import Folder
from hpctl.errors import ConflictError, NotFoundError, UnavailableError
from hpctl.report.lifecycle import ScriptStanding, ScriptUploadReport
from hpctl.services.upload import LocalScripts, Overwriting, compare, demand_unopposed, upload
from tests.unit.fake_storage import etag
from tests.unit.fakes import FakeAccount

FOLDER = Folder("sagemaker-x", "lc/")
OURS, THEIRS = b"#!/bin/bash\necho ours\n", b"#!/bin/bash\necho them\n"
LOCAL = LocalScripts("lifecycle", {"on_create.sh": OURS, "utils/a.sh": OURS, "b.sh": OURS})


def holding(**objects: bytes) -> FakeAccount:
    account = FakeAccount()
    account.storage.buckets = {"sagemaker-x": {f"lc/{name}.sh": text for name, text in objects.items()}}
    return account


def compared(account: FakeAccount, overwriting: Overwriting = Overwriting.REFUSED) -> ScriptUploadReport:
    return compare(LOCAL, FOLDER, account.ports, account.world, overwriting)


def kept(account: FakeAccount) -> dict[str, bytes]:
    return account.storage.buckets["sagemaker-x"]


def test_files_stand_to_objects_as_new_same_different_or_only_there() -> None:
    report = compared(holding(on_create=OURS, b=THEIRS, old=THEIRS))
    digest = sha256(OURS).hexdigest()
    assert report.files == (
        ScriptStanding(name="b.sh", state="different", size=22, sha256=digest, etag=etag(THEIRS)),
        ScriptStanding(name="on_create.sh", state="same", size=22, sha256=digest, etag=etag(OURS)),
        ScriptStanding(name="utils/a.sh", state="new", size=22, sha256=digest),
        ScriptStanding(name="old.sh", state="only in S3", size=22, etag=etag(THEIRS)),
    )
    assert report.uri == "s3://sagemaker-x/lc/"
    assert report.names() == ("s3://sagemaker-x/lc/b.sh", "s3://sagemaker-x/lc/utils/a.sh")


def test_comparing_writes_nothing() -> None:
    account = holding(b=THEIRS)
    compared(account, Overwriting.WANTED)
    assert "scripts.put" not in account.calls.operations


def test_a_bucket_that_is_not_there_is_told_with_how_to_make_it() -> None:
    account = FakeAccount()
    account.storage.buckets = {}
    with pytest.raises(NotFoundError) as caught:
        compared(account)
    assert caught.value.message == "there is no bucket `sagemaker-x`"
    assert caught.value.hint == "aws s3 mb s3://sagemaker-x --region us-west-2"


def test_new_files_are_put_and_read_back() -> None:
    account = holding(on_create=OURS)
    report = compared(account)
    done = upload(report, LOCAL, FOLDER, account.ports)
    assert done.uploaded == ("b.sh", "utils/a.sh")
    assert kept(account) == {"lc/on_create.sh": OURS, "lc/b.sh": OURS, "lc/utils/a.sh": OURS}
    assert done.names() == ("s3://sagemaker-x/lc/b.sh", "s3://sagemaker-x/lc/utils/a.sh")


def test_an_object_with_other_content_is_not_replaced_unasked() -> None:
    account = holding(b=THEIRS)
    with pytest.raises(ConflictError) as caught:
        upload(compared(account), LOCAL, FOLDER, account.ports)
    assert caught.value.message == "`s3://sagemaker-x/lc/` has other content already: `b.sh`"
    assert caught.value.hint == ("look at it: aws s3 cp s3://sagemaker-x/lc/b.sh -\nreplace it: add `--overwrite`")
    assert kept(account) == {"lc/b.sh": THEIRS}


def test_it_is_replaced_when_that_is_wanted() -> None:
    account = holding(b=THEIRS)
    report = compared(account, Overwriting.WANTED)
    demand_unopposed(report)
    upload(report, LOCAL, FOLDER, account.ports)
    assert kept(account)["lc/b.sh"] == OURS


@pytest.mark.parametrize("name", ["b", "on_create"])
def test_what_changed_since_it_was_compared_is_left_alone(name: str) -> None:
    account = holding(b=b"before")
    report = compared(account, Overwriting.WANTED)
    account.scripts.meanwhile = {f"lc/{name}.sh": THEIRS}
    with pytest.raises(ConflictError, match=f"`s3:PutObject` for `lc/{name}.sh` is in conflict with what is there"):
        upload(report, LOCAL, FOLDER, account.ports)
    assert kept(account)[f"lc/{name}.sh"] == THEIRS


def test_what_reads_other_than_it_was_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    account = holding()
    report = compared(account)
    monkeypatch.setattr(account.storage, "read", lambda _bucket, _key: b"garbled")
    with pytest.raises(UnavailableError, match="reads other than it was written"):
        upload(report, LOCAL, FOLDER, account.ports)


def test_nothing_to_do_writes_nothing() -> None:
    account = holding()
    upload(compared(account), LOCAL, FOLDER, account.ports)
    again = compared(account)
    assert (again.wanted, upload(again, LOCAL, FOLDER, account.ports).uploaded) == ((), ())
