"""The working directory and other files: unpacked before the first script, on every node."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from hpctl.compile.scripts import PART_BYTES, archive_items
from hpctl.spec.job import Contract, Mount
from tests.functional.job.tasks import HOME, payload, submit, task
from tests.functional.job.test_one_node import write
from tests.functional.sandbox.kubelet.clusters import Cluster, run

pytestmark = pytest.mark.usefixtures("namespaces")


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a gzipped tar of files that belong to somebody else and may be run."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid = len(content), 0o755, 12345
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def test_files_are_where_they_belong_on_every_node(tmp_path: Path) -> None:
    # What cannot be packed: several ConfigMaps of it.
    big = random.Random(7).randbytes(3 * PART_BYTES)  # noqa: S311  # a seed
    script = b"#!/bin/sh\necho ran\n"
    archives = {
        "~/sky_workdir": packed({"main": script, "sub/data": b"of the work\n"}),
        "/data": packed({"x": b"of the data\n"}),
        "~/deep/er": packed({"big": big}),
    }
    told = payload(archives=archives)
    assert len(archive_items(told)) == 6
    assert max(len(item.data) for item in archive_items(told)) == PART_BYTES
    text = "./main; cat sub/data /data/x; sum ~/deep/er/big; stat -c %u main"

    async def scenario(made: Cluster) -> list[str]:
        submitted = submit(made, task(text, nodes=2), told)
        said = [await submitted.said(rank) for rank in range(2)]
        assert await submitted.codes() == [0, 0], said
        return said

    (tmp_path / "big").write_bytes(big)
    first, second = run(scenario, tmp_path)
    assert first == second
    lines = first.splitlines()
    assert lines[:3] == ["ran", "of the work", "of the data"]
    assert lines[4] == "0"
    assert int(lines[3].split()[1]) == 3 * PART_BYTES // 1024


def test_files_of_a_training_job_are_its_working_directory(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> str:
        spec = task("pwd; ls", contract=Contract.TRAINING)
        return await submit(made, spec, payload(archives={"/workdir": packed({"main": b""})})).said()

    assert run(scenario, tmp_path) == "/workdir\nmain\n"


def test_files_that_arrive_damaged_are_not_unpacked_and_all_nodes_hear_of_it(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> None:
        told = payload(archives={"~/sky_workdir": packed({"main": b""})})
        spec = task("ls", nodes=2)
        # What the pods are given is not what their scripts expect.
        other = payload(archives={"~/sky_workdir": packed({"other": b""})})
        submitted = submit(made, spec, told, archives=other)
        said = await submitted.said(0)
        assert await submitted.codes() == [1, 1]
        assert f"hpctl: files for `{HOME}/sky_workdir` are damaged\n" in said
        assert submitted.last_words(1).startswith("hpctl: first failure: rank=")

    run(scenario, tmp_path)


def test_copies_from_s3_are_made_by_the_images_own_aws(tmp_path: Path) -> None:
    aws = """#!/bin/sh
echo "$@" >> /tmp/asked
[ "$2" != head-object ] || [ "$6" = one/file.bin ]
"""
    write(tmp_path / "images" / "with-aws" / "usr/bin/aws", aws, 0o755)
    mounts = (
        Mount(path="~/set", s3="s3://bucket/folder/"),
        Mount(path="/data/file.bin", s3="s3://bucket/one/file.bin"),
    )

    async def scenario(made: Cluster) -> str:
        submitted = submit(made, task("cat /tmp/asked", mounts=mounts), pod={"image": "example.com/with-aws:1"})
        return await submitted.said()

    assert run(scenario, tmp_path).splitlines() == [
        f"s3 sync --only-show-errors s3://bucket/folder/ {HOME}/set",
        "s3api head-object --bucket bucket --key one/file.bin",
        "s3 cp --only-show-errors s3://bucket/one/file.bin /data/file.bin",
    ]


def test_copies_from_s3_without_aws_in_the_image_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "images" / "bare" / "usr/bin/aws", "")

    async def scenario(made: Cluster) -> str:
        mount = Mount(path="/data", s3="s3://bucket/folder/")
        submitted = submit(made, task("ls", mounts=(mount,)), pod={"image": "example.com/bare:1"})
        assert await submitted.codes() == [127]
        return await submitted.said()

    refused = "hpctl: copies from S3 need the AWS CLI in the image, and there is no `aws`\n"
    assert run(scenario, tmp_path).startswith(refused)


def test_one_node_that_cannot_be_prepared_ends_the_others(tmp_path: Path) -> None:
    aws = '#!/bin/sh\n[ "$(hostname)" != task-1 ]\n'
    write(tmp_path / "images" / "with-aws" / "usr/bin/aws", aws, 0o755)
    mounts = (Mount(path="/data", s3="s3://bucket/folder/"),)

    async def scenario(made: Cluster) -> None:
        spec = task("echo never", setup="echo never", nodes=3, mounts=mounts)
        submitted = submit(made, spec, pod={"image": "example.com/with-aws:1"})
        assert await submitted.codes() == [137, 1, 137]
        line = "hpctl: first failure: rank=1 phase=start exit=1\n"
        assert [submitted.last_words(rank) for rank in range(3)] == [line] * 3
        assert await submitted.said(1) == f"hpctl: `s3://bucket/folder/` cannot be copied to `/data`\n{line}"
        assert await submitted.said(0) == line

    run(scenario, tmp_path)
