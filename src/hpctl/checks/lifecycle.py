"""Lifecycle scripts: they are where the spec says, in the right Region, and can be run.

What stands in them line by line is judged in `lifecycle_text`.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename

from hpctl.catalog.iam_actions import action_set
from hpctl.catalog.nearest import nearest
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.fixes import upload
from hpctl.checks.permissions import places_of, refusals
from hpctl.checks.scripts import Entry, content, entries, first_folders, folders, held, reached_from, runs
from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.world import World
from hpctl.report.action import Action, storing
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

MANAGED_PREFIX = "sagemaker-"
"""AmazonSageMakerClusterInstanceRolePolicy reads buckets of such names only (version 1)."""

LOG_FOLDER = "/var/log/provision"
"""What scripts write to provisioning.log in it goes to CloudWatch, and nothing else of theirs."""

_BOM = b"\xef\xbb\xbf"
_ELF = b"\x7fELF"
_INTERPRETERS = frozenset({"/bin/sh", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash", "/usr/bin/python3", "/usr/bin/perl"})
_SHOWN = 8
"""Names that evidence lists before it only counts."""


@check(
    "lifecycle-prefix-exists",
    "the folders of the lifecycle scripts exist",
    about=("instance_groups",),
    reads=("s3:ListBucket",),
)
def prefix_exists(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Each node downloads everything below `source_s3_uri`; where there is nothing, provisioning fails."""
    for path, group, folder in first_folders(spec):
        subject = f"instance group/{group.name}"
        objects = world.objects(folder.bucket, folder.prefix)
        if objects is None:
            region = world.identity().region
            remedy = f"aws s3 mb s3://{folder.bucket} --region {region}\naws s3 sync ./lifecycle {folder.uri}"
            yield fail(subject, f"there is no bucket `{folder.bucket}`", remedy=remedy, at=path)
        elif not objects:
            remedy = f"aws s3 sync ./lifecycle {folder.uri}"
            names = (entry.name for entry in entries(spec) if entry.folder == folder)
            message, fix = f"there is nothing below `{folder.uri}`", (upload(folder.bucket, folder.prefix, *names),)
            yield fail(subject, message, remedy=remedy, at=path, fix=fix)


@check(
    "lifecycle-entrypoint-present",
    "the lifecycle scripts that run are there",
    about=("instance_groups",),
    needs=("lifecycle-prefix-exists",),
    reads=("s3:ListBucket",),
)
def entrypoint_present(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """`on_create` and `on_init_complete` name objects directly below `source_s3_uri`, to the letter."""
    for entry in entries(spec):
        keys = [row.key.removeprefix(entry.folder.prefix) for row in held(world, entry.folder)]
        if entry.name not in keys:
            yield _missing(entry, keys)


@check(
    "lifecycle-bucket-region",
    "the lifecycle scripts are in the cluster's Region",
    about=("instance_groups",),
    needs=("lifecycle-prefix-exists",),
    reads=("s3:GetBucketLocation",),
    blocking=False,
)
def bucket_region(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes download from the bucket in the cluster's Region; elsewhere the download ends in PermanentRedirect.

    Not being told where a bucket is stops nothing: many may read a bucket and not ask for its location.
    """
    region = world.identity().region
    near = f"{MANAGED_PREFIX}{region}-{world.identity().account}"  # SageMaker's own name for one
    for path, group, folder in first_folders(spec):
        found = world.bucket_region(folder.bucket)
        if found is None:
            raise NotFoundError(f"there is no bucket `{folder.bucket}`")
        if found != region:
            yield fail(
                f"instance group/{group.name}",
                f"the bucket `{folder.bucket}` is in `{found}`, the cluster would be in `{region}`",
                remedy=f"let `source_s3_uri` be `s3://{near}/{folder.prefix}`, or another one in `{region}`\n"
                f"aws s3 mb s3://{near} --region {region}\n"
                f"aws s3 sync {folder.uri} s3://{near}/{folder.prefix} --source-region {found} --region {region}",
                at=path,
            )


@check(
    "lifecycle-bucket-name",
    "the lifecycle scripts are in a bucket that roles may read by default",
    about=("instance_groups",),
    needs=("iam-exec-lifecycle-read",),
    reads=("iam:SimulatePrincipalPolicy",),
    blocking=False,
)
def bucket_name(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The managed policy of execution roles reads buckets named `sagemaker-…` only.

    Another name will do where the role may read that bucket by a policy of its own: that is what another check
    finds out, and this one speaks where that was left out.
    """
    for path, group, folder in folders(spec):
        if folder.bucket.startswith(MANAGED_PREFIX):
            continue
        values = {"bucket": folder.bucket, "prefix": folder.prefix, "script": runs(group)}
        wanted = action_set("lifecycle", places_of(spec, world.identity()) | values)
        if refusals(world, group.execution_role, wanted):
            yield warn(
                f"instance group/{group.name}",
                f"bucket `{folder.bucket}` is none that the managed policy reads",
                f"needed: a name that begins with `{MANAGED_PREFIX}`, or a policy of the role's own",
                remedy=f"use a bucket named `{MANAGED_PREFIX}…`, or let the role read this one",
                at=path,
            )


@check(
    "lifecycle-line-endings",
    "lifecycle scripts have the line ends of Linux",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=("s3:GetObject",),
    blocking=False,
)
def line_endings(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    r"""A script that was saved with the line ends of Windows fails with `/bin/bash^M: bad interpreter`.

    So does one that begins with a byte order mark, or has the line ends of old Macs. Further down they are a shell's
    undoing, while other languages read past them. Only the scripts that run first are looked at, not what they call.
    """
    for entry in entries(spec):
        text = content(world, entry)
        if text.startswith(_ELF) or not _is_text(text):
            continue
        if found := list(_misread(text)):
            yield fail(
                f"instance group/{entry.group.name}",
                f"`{entry.uri}` has {' and '.join(found)}",
                remedy=_rewrite(entry, r"1s/^\xEF\xBB\xBF//; s/\r$//; s/\r/\n/g"),
                at=entry.path,
                fix=_rewritten(entry, text, world),
            )


@check(
    "lifecycle-shebang",
    "lifecycle scripts say what runs them",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=("s3:GetObject",),
    blocking=False,
)
def shebang(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Without a first line such as `#!/bin/bash` Linux cannot run a script ("exec format error").

    Nor can it when that line names a program that is not there: of those that are no part of the nodes' systems
    (Ubuntu on Slurm, Amazon Linux 2023 on EKS) hpctl warns.
    """
    for entry in entries(spec):
        text = content(world, entry).removeprefix(_BOM)
        subject = f"instance group/{entry.group.name}"
        if text.startswith(_ELF):
            continue
        if not _is_text(text):
            remedy = f"aws s3 cp {basename(entry.name)} {entry.uri}"
            message = f"`{entry.uri}` is {'no text' if text else 'empty'}, and so no script"
            yield fail(
                subject, message, f"begins with: {text[:8]!r}" if text else "size: 0", remedy=remedy, at=entry.path
            )
        elif not text.startswith(b"#!"):
            remedy = _rewrite(entry, "1i #!/bin/bash")
            yield fail(subject, f"`{entry.uri}` does not begin with `#!`", remedy=remedy, at=entry.path)
        elif (interpreter := _interpreter(text)) not in _INTERPRETERS:
            message = f"`{entry.uri}` is run by `{interpreter}`, which nodes may not have"
            yield warn(subject, message, remedy=_rewrite(entry, "1c #!/bin/bash"), at=entry.path)


@check(
    "lifecycle-log-file",
    "what lifecycle scripts print can be read afterwards",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=("s3:ListBucket", "s3:GetObject"),
    blocking=False,
)
def log_file(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Of what scripts print, CloudWatch gets `/var/log/provision/provisioning.log` and nothing else.

    Only a note: a script, and those of its folder that it names, may call another one that does.
    """
    for entry in entries(spec):
        if all(LOG_FOLDER not in script.text for script in reached_from(entry, world)):
            yield note(
                f"instance group/{entry.group.name}",
                f"`{entry.uri}` does not mention /var/log/provision/provisioning.log, all that CloudWatch gets",
                "add: exec > >(tee -a /var/log/provision/provisioning.log) 2>&1",
                at=entry.path,
            )


def _missing(entry: Entry, keys: list[str]) -> Finding:
    lifecycle = entry.group.lifecycle
    taken = {lifecycle.on_create, lifecycle.on_init_complete} if lifecycle else set()
    near = nearest(entry.name, [key for key in keys if key not in taken])
    shown = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else "")
    command = f"aws s3 cp {basename(entry.name)} {entry.uri}"
    return fail(
        f"instance group/{entry.group.name}",
        f"there is no `{entry.name}` in `{entry.folder.uri}`",
        f"there: {shown or 'nothing'}",
        remedy=f"{entry.member}: {near[0]}" if near else command,
        at=entry.path,
        fix=(upload(entry.folder.bucket, entry.folder.prefix, entry.name),),
    )


def _misread(text: bytes) -> Iterator[str]:
    first, body = text.partition(b"\n")[0], text.removeprefix(_BOM)
    if text is not body:
        yield "a byte order mark"
    if b"\r" in first.removesuffix(b"\r"):
        yield "the line ends of old Macs (CR)"
    elif b"\r\n" in text and (first.endswith(b"\r") or _interpreter(body).endswith("sh")):
        yield "the line ends of Windows (CR LF)"


def _is_text(text: bytes) -> bool:
    try:
        return bool(text.strip()) and "\0" not in text.decode()
    except UnicodeDecodeError:
        return False


def _interpreter(text: bytes) -> str:
    words = text.partition(b"\n")[0].removeprefix(b"#!").decode(errors="replace").split()
    if words[:1] == ["/usr/bin/env"]:
        names = [word for word in words[1:] if not word.startswith("-")]
        return f"/usr/bin/{names[0]}" if names else words[0]
    return words[0] if words else ""


def _rewritten(entry: Entry, text: bytes, world: World) -> tuple[Action, ...]:
    """Return what stores a script with the line ends of Linux in place of this very object, under the same key."""
    row = next((row for row in held(world, entry.folder) if row.key == entry.key and row.etag), None)
    if row is None:
        return ()
    try:
        key = world.encryption_key(entry.folder.bucket, entry.key)
    except HpctlError:  # a copy under another key is not the same object
        return ()
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
    body = text.removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    does = f"store `{entry.uri}` with the line ends of Linux"
    return (storing(entry.folder.bucket, entry.key, body, does=does, IfMatch=row.etag, **sealed),)


def _rewrite(entry: Entry, edit: str) -> str:
    file = basename(entry.name)
    return f"aws s3 cp {entry.uri} {file}\nsed -i '{edit}' {file}\naws s3 cp {file} {entry.uri}"
