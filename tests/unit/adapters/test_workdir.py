"""What goes along with a job from this machine, and what is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from hpctl.adapters.local import ignoring, workdir
from hpctl.adapters.local.workdir import WorkingFiles
from hpctl.errors import UsageError
from hpctl.facts.local_files import UNPACKED_BYTES, Packed, Sensitive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "code"
    made.mkdir()
    return made


def put(folder: Path, name: str, text: str = "x\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pack(folder: Path, sensitive: Sensitive = Sensitive.REFUSED) -> Packed:
    return WorkingFiles(folder.parent, folder.parent).pack({".": folder.name}, sensitive)


def names(packed: Packed) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(packed.archive)) as tar:
        return tar.getnames()


def members(packed: Packed) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(packed.archive)) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_a_folder_is_packed_with_its_modes_and_links(folder: Path) -> None:
    put(folder, "train.py", "print(1)\n")
    put(folder, "bin/go.sh").chmod(0o755)
    (folder / "latest").symlink_to("bin/go.sh")
    packed = pack(folder)
    found = members(packed)
    assert list(found) == ["bin", "bin/go.sh", "latest", "train.py"]
    assert (found["bin/go.sh"].mode, found["train.py"].mode) == (0o755, 0o644)
    assert (found["latest"].issym(), found["latest"].linkname) == (True, "bin/go.sh")
    assert (packed.files, packed.unpacked_bytes) == (2, 11)


def test_the_same_contents_give_the_same_bytes_whoever_wrote_them_when(folder: Path, tmp_path: Path) -> None:
    put(folder, "b", "2")
    put(folder, "a", "1")
    first = pack(folder).archive
    other = tmp_path / "elsewhere" / "code"
    for name, text in (("a", "1"), ("b", "2")):
        put(other, name, text)
        os.utime(other / name, (1, 1))
    assert pack(other).archive == first


def test_skyignore_alone_counts_where_there_is_one(folder: Path) -> None:
    put(folder, ".gitignore", "kept.txt\n")
    put(folder, ".skyignore", "# data\n\n*.bin\n/only-here\nlogs/old\n")
    for name in ("kept.txt", "a.bin", "sub/b.bin", "only-here/x", "sub/only-here/x", "sub/logs/old/x", "logs/new"):
        put(folder, name)
    kept = [name for name in names(pack(folder)) if not name.startswith(".")]
    assert kept == ["kept.txt", "logs", "logs/new", "sub", "sub/logs", "sub/only-here", "sub/only-here/x"]


@pytest.mark.scorecard(47)
def test_gitignore_counts_in_every_folder_and_the_nearest_wins(folder: Path) -> None:
    put(folder, ".gitignore", "*.log\nbuild/\n!keep.log\n")
    put(folder, "sub/.gitignore", "!*.log\nsecret.log\n")
    for name in ("a.log", "keep.log", "build/x", "sub/b.log", "sub/secret.log", "sub/deep/c.log"):
        put(folder, name)
    kept = [name for name in names(pack(folder)) if name.endswith((".log", "/x"))]
    assert kept == ["keep.log", "sub/b.log", "sub/deep/c.log"]


def test_rules_of_the_repository_above_count_for_a_folder_in_it(tmp_path: Path) -> None:
    put(tmp_path, ".git/info/exclude", "*.tmp\n")
    put(tmp_path, ".gitignore", "/code/out/\n")
    for name in ("code/out/x", "code/a.tmp", "code/train.py", "code/sub/out/y"):
        put(tmp_path, name)
    assert names(pack(tmp_path / "code")) == ["sub", "sub/out", "sub/out/y", "train.py"]


def test_a_folder_that_git_ignores_as_a_whole_goes_along_and_that_is_said(tmp_path: Path) -> None:
    put(tmp_path, ".git/HEAD")
    put(tmp_path, ".gitignore", "code/\n*.tmp\n")
    put(tmp_path, "code/a.tmp")
    packed = pack(tmp_path / "code")
    assert names(packed) == ["a.tmp"]
    assert any("is itself ignored by git" in notice for notice in packed.notices)


def test_a_small_git_folder_goes_along_and_a_large_one_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, ".git/HEAD", "ref: refs/heads/main\n")
    put(folder, "train.py")
    assert ".git/HEAD" in names(pack(folder))
    monkeypatch.setattr(ignoring, "GIT_BYTES", 10)
    packed = pack(folder)
    assert names(packed) == ["train.py"]
    assert any(notice.startswith("`.git` stays here: its 0 MiB are more") for notice in packed.notices)


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sub/../../outside", "chain"])
def test_a_link_that_leads_out_is_refused_by_name(folder: Path, target: str) -> None:
    put(folder.parent, "outside")
    put(folder, "sub/x")
    (folder / "chain").symlink_to("../outside")
    (folder / "link").symlink_to(target)
    with pytest.raises(UsageError, match="links lead out of the folder") as refused:
        pack(folder)
    assert f"`link` -> `{target}`" in refused.value.message
    assert ".skyignore" in (refused.value.hint or "")


def test_a_link_to_a_folder_inside_is_a_link_and_not_followed(folder: Path) -> None:
    put(folder, "data/x")
    (folder / "again").symlink_to("data")
    assert names(pack(folder)) == ["again", "data", "data/x"]


@pytest.mark.scorecard(47)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "TOKEN=1"),
        ("config/.env.production", "TOKEN=1"),
        ("server.pem", "whatever"),
        ("both.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n"),
        ("deploy.key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        ("my_key", "-----BEGIN PRIVATE KEY-----\n"),
        (".aws/credentials", "[default]\n"),
        ("id_ed25519", ""),
        (".netrc", "machine api"),
        (".kube/config", "users:"),
        (".git/config", "[remote]\n\turl = https://alice:ghp_abc@example.com/x.git\n"),
        (".git/config", "[http]\n\textraheader = AUTHORIZATION: basic abc\n"),
    ],
)
def test_files_that_look_like_credentials_are_refused_unless_forced(folder: Path, name: str, text: str) -> None:
    put(folder, name, text)
    with pytest.raises(UsageError, match="look like credentials") as refused:
        pack(folder)
    assert f"`{name}`" in refused.value.message
    assert "--include-sensitive" in (refused.value.hint or "")
    assert name in names(pack(folder, Sensitive.INCLUDED))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env.example", "TOKEN="),
        ("site/cacert.pem", "# bundle\n-----BEGIN CERTIFICATE-----\n"),
        (".git/config", "[remote]\n\turl = git@example.com:a/b.git\n\tx = https://example.com/a.git\n"),
        (".git/config", "[remote]\n\turl = ssh://git@example.com/a/b.git\n"),
        ("test_keys.py", "KEY = '-----BEGIN PRIVATE KEY-----'\n"),
    ],
)
def test_what_only_resembles_credentials_goes_along(folder: Path, name: str, text: str) -> None:
    put(folder, name, text)
    assert name in names(pack(folder))


def test_ignored_credentials_are_nobodys_business(folder: Path) -> None:
    put(folder, ".gitignore", ".env\n")
    put(folder, ".env")
    assert names(pack(folder)) == [".gitignore"]


@pytest.mark.scorecard(47)
def test_too_much_is_refused_with_the_largest_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workdir, "PACKED_BYTES", 4096)
    (folder / "noise.bin").write_bytes(os.urandom(9000))
    (folder / "data").mkdir()
    (folder / "data" / "small.bin").write_bytes(os.urandom(100))
    with pytest.raises(UsageError) as refused:
        pack(folder)
    assert "the largest are `noise.bin` (8.8 KiB), `data/small.bin` (0.1 KiB)" in refused.value.message
    assert "shared storage" in (refused.value.hint or "")


def test_too_much_before_packing_is_refused_before_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "sparse").open("wb") as file:
        file.truncate(UNPACKED_BYTES + 1)
    monkeypatch.setattr(workdir, "_packed", lambda *_: pytest.fail("it was read"))
    with pytest.raises(UsageError, match=r"512\.0 MiB are more than the 512\.0 MiB"):
        pack(folder)


def test_one_large_file_is_given_up_before_all_of_it_is_packed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workdir, "PACKED_BYTES", 100_000)
    (folder / "noise.bin").write_bytes(os.urandom(4_000_000))
    written: list[int] = []
    write = workdir._Limited.write

    def counted(buffer: workdir._Limited, data: bytes) -> int:
        written.append(len(data))
        return write(buffer, data)

    monkeypatch.setattr(workdir._Limited, "write", counted)
    with pytest.raises(UsageError, match="the files of this machine are too much"):
        pack(folder)
    assert sum(written) < 1_000_000


def test_links_in_a_circle_are_links_and_no_trap(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert names(pack(folder)) == ["a", "b"]


def test_a_file_by_itself_is_packed_by_its_name_there(folder: Path) -> None:
    put(folder, "in.txt", "text")
    files = WorkingFiles(folder, folder)
    assert names(files.pack({"out.txt": "in.txt"})) == ["out.txt"]
    assert names(files.pack({"out.txt": "~/in.txt", "in/other": "./in.txt"})) == ["in/other", "out.txt"]


def test_what_is_no_file_stays_and_that_is_said(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    packed = pack(folder)
    assert names(packed) == []
    assert packed.notices == ("`pipe` stays here: it is neither a file, a folder nor a link",)


def test_a_missing_folder_is_named_with_where_paths_count_from(folder: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or folder `nope`") as refused:
        WorkingFiles(folder, folder).pack({".": "nope"})
    assert refused.value.hint == f"paths count from `{folder}`"


def test_a_text_is_read_without_its_last_newline_and_nothing_else_is_taken(folder: Path) -> None:
    files = WorkingFiles(folder, folder)
    put(folder, "token", "a\nb\n")
    assert files.read("token") == "a\nb"
    (folder / "latin").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        files.read("latin")
    (folder / "nul").write_bytes(b"a\0b")
    with pytest.raises(UsageError, match="NUL character"):
        files.read("nul")
    (folder / "large").write_bytes(b"a" * (1024 * 1024))
    with pytest.raises(UsageError, match="larger than the 960 KiB"):
        files.read("large")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        files.read("absent")


def test_what_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "closed"))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match="closed` cannot be read: Permission denied") as refused:
        pack(folder)
    assert refused.value.hint == "leave it out with `.skyignore`"


def test_odd_names_arrive(folder: Path) -> None:
    odd = ["a b", "new\nline", "ünï", "x" * 200, "-dash", os.fsdecode(b"\xff\xfe")]
    for name in odd:
        put(folder, name)
    assert sorted(names(pack(folder))) == sorted(odd)


def test_sets_of_characters_are_read_as_git_reads_them_and_nothing_is_remarked(folder: Path) -> None:
    for name in ("b.py", "[z]", "a1", "ab", "x y", "q"):
        put(folder, name)
    put(folder, ".gitignore", "[z-a]\n[[]z]\na[[:digit:]]\nx[[:space:]]y\n[p||q]\n")
    assert names(pack(folder)) == [".gitignore", "ab", "b.py"]


def test_files_that_are_not_to_blame_are_not_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workdir, "PACKED_BYTES", 1000)
    (folder / "noise.bin").write_bytes(os.urandom(9000))
    put(folder, "tiny.py")
    with pytest.raises(UsageError, match="too much") as refused:
        pack(folder)
    assert "`noise.bin`" in refused.value.message
    assert "tiny.py" not in refused.value.message


def test_a_secret_that_cannot_be_read_is_no_matter_of_ignoring(folder: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory") as refused:
        WorkingFiles(folder, folder).read("absent.txt")
    assert refused.value.hint == "give the path of a text file"
