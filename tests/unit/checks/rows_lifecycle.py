"""What the checks of `lifecycle` say of scripts that are missing, elsewhere or cannot run."""

from __future__ import annotations

from typing import Any

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_plain_group, a_role, a_slurm_spec, a_spec
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

_URI = ("instance_groups", 0, "lifecycle", "source_s3_uri")
_SCRIPT = ("instance_groups", 0, "lifecycle", "on_create")
_SUBJECT = "instance group/workers"
_GOOD = b"#!/bin/bash\nexec >> /var/log/provision/provisioning.log\n"


def _spec(uri: str = "s3://sagemaker-x/lc", **members: Any) -> ClusterSpec:
    return a_spec(a_group(lifecycle={"source_s3_uri": uri, "on_create": "on_create.sh", **members}))


def _bucket(name: str = "sagemaker-x", /, **objects: bytes) -> FakeAccount:
    """A bucket with objects; `__` in a name is a slash, `_sh` its ending."""
    account = FakeAccount()
    keys = {key.replace("__", "/").replace("_sh", ".sh"): text for key, text in objects.items()}
    account.storage.buckets = {name: keys}
    return account


def _holding(text: bytes) -> FakeAccount:
    return _bucket(lc__on_create_sh=text)


def _finding(
    message: str, *evidence: str, remedy: str | None, path: tuple[str | int, ...], level: str = "fail"
) -> Finding:
    return a_finding(level, _SUBJECT, message, *evidence, remedy=remedy, path=path)  # type: ignore[arg-type]


def _elsewhere(region: str) -> FakeAccount:
    account = FakeAccount()
    account.storage.regions = {"sagemaker-x": region}
    return account


def _unreadable(account: FakeAccount) -> FakeAccount:
    account.iam.deny("s3:ListBucket")
    return account


_SYNC = "aws s3 sync ./lifecycle s3://sagemaker-x/lc/"
_NO_BUCKET = "could not look: there is no bucket `sagemaker-x`"
_COPY = "aws s3 cp s3://sagemaker-x/lc/on_create.sh on_create.sh\n%s\naws s3 cp on_create.sh s3://sagemaker-x/lc/on_create.sh"
_NO_CR = _COPY % r"sed -i '1s/^\xEF\xBB\xBF//; s/\r$//; s/\r/\n/g' on_create.sh"
_UPLOAD = "aws s3 cp on_create.sh s3://sagemaker-x/lc/on_create.sh"
_SHEBANG = _COPY % "sed -i '1i #!/bin/bash' on_create.sh"

PREFIX = (
    fails(
        "lifecycle-prefix-exists",
        "a slash too many",
        _spec("s3://sagemaker-x//lc"),
        _finding(
            "there is nothing below `s3://sagemaker-x//lc/`",
            remedy="aws s3 sync ./lifecycle s3://sagemaker-x//lc/",
            path=_URI,
        ),
    ),
    passes("lifecycle-prefix-exists", "scripts in a folder", _spec()),
    passes(
        "lifecycle-prefix-exists",
        "scripts in the bucket itself",
        _spec("s3://sagemaker-x"),
        _bucket(on_create_sh=_GOOD),
    ),
    passes("lifecycle-prefix-exists", "no scripts", a_spec(a_group(lifecycle=None)), FakeAccount()),
    passes(
        "lifecycle-prefix-exists",
        "an address with a host",
        _spec("https://sagemaker-x.s3.us-west-2.amazonaws.com/lc/"),
    ),
    passes(
        "lifecycle-prefix-exists",
        "an address with the bucket in its path",
        _spec("https://s3.us-west-2.amazonaws.com/sagemaker-x/lc"),
    ),
    fails(
        "lifecycle-prefix-exists",
        "no such bucket, once for all groups",
        a_spec(a_group(), a_plain_group()),
        _finding(
            "there is no bucket `sagemaker-x`",
            remedy=f"aws s3 mb s3://sagemaker-x --region us-west-2\n{_SYNC}",
            path=_URI,
        ),
        account=_bucket("other"),
    ),
    fails(
        "lifecycle-prefix-exists",
        "a folder whose name only begins alike",
        _spec(),
        _finding("there is nothing below `s3://sagemaker-x/lc/`", remedy=_SYNC, path=_URI),
        account=_bucket(lcm__on_create_sh=_GOOD),
    ),
    cannot_tell(
        "lifecycle-prefix-exists",
        "an address that is not S3's",
        _spec("https://example.com/lc"),
        "could not look: `https://example.com/lc` is no address of S3 that hpctl can read",
    ),
)

ENTRY = (
    passes("lifecycle-entrypoint-present", "the script is there", _spec()),
    passes("lifecycle-entrypoint-present", "no script named", a_spec(), _bucket()),
    fails(
        "lifecycle-entrypoint-present",
        "a name nearly right",
        _spec(),
        _finding(
            "there is no `on_create.sh` in `s3://sagemaker-x/lc/`",
            "there: on-create.sh",
            remedy="on_create: on-create.sh",
            path=_SCRIPT,
        ),
        account=_bucket(**{"lc/on-create.sh": _GOOD}),
    ),
    fails(
        "lifecycle-entrypoint-present",
        "nothing like it",
        _spec(),
        _finding(
            "there is no `on_create.sh` in `s3://sagemaker-x/lc/`",
            "there: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt, 7.txt and 1 more",
            remedy="aws s3 cp on_create.sh s3://sagemaker-x/lc/on_create.sh",
            path=_SCRIPT,
        ),
        account=_bucket(**{f"lc/{number}.txt": b"" for number in range(9)}),
    ),
    fails(
        "lifecycle-entrypoint-present",
        "the second script missing",
        _spec(on_init_complete="after.sh"),
        _finding(
            "there is no `after.sh` in `s3://sagemaker-x/lc/`",
            "there: on_create.sh",
            remedy="aws s3 cp after.sh s3://sagemaker-x/lc/after.sh",
            path=(*_SCRIPT[:-1], "on_init_complete"),
        ),
    ),
    cannot_tell("lifecycle-entrypoint-present", "no such bucket", _spec(), _NO_BUCKET, _bucket("other")),
)

REGION = (
    passes("lifecycle-bucket-region", "the cluster's Region", _spec()),
    fails(
        "lifecycle-bucket-region",
        "another Region",
        _spec(),
        _finding(
            "the bucket `sagemaker-x` is in `eu-west-1`, the cluster would be in `us-west-2`",
            remedy="let `source_s3_uri` be `s3://sagemaker-us-west-2-123456789012/lc/`, or another one in `us-west-2`\n"
            "aws s3 mb s3://sagemaker-us-west-2-123456789012 --region us-west-2\n"
            "aws s3 sync s3://sagemaker-x/lc/ s3://sagemaker-us-west-2-123456789012/lc/"
            " --source-region eu-west-1 --region us-west-2",
            path=_URI,
        ),
        account=_elsewhere("eu-west-1"),
    ),
    cannot_tell("lifecycle-bucket-region", "no such bucket", _spec(), _NO_BUCKET, _bucket("other")),
)

NAME = (
    passes("lifecycle-bucket-name", "a bucket for SageMaker", _spec(), _unreadable(FakeAccount())),
    passes("lifecycle-bucket-name", "another bucket that the role may read", _spec("s3://mine/lc")),
    warns(
        "lifecycle-bucket-name",
        "another bucket that the role may not read",
        _spec("s3://mine/lc"),
        _finding(
            "bucket `mine` is none that the managed policy reads",
            "needed: a name that begins with `sagemaker-`, or a policy of the role's own",
            remedy="use a bucket named `sagemaker-…`, or let the role read this one",
            path=_URI,
            level="warn",
        ),
        account=_unreadable(FakeAccount()),
    ),
)

TEXT = (
    passes("lifecycle-line-endings", "a script of Linux", _spec()),
    passes("lifecycle-line-endings", "a program", _spec(), _holding(b"\x7fELF\r\n")),
    fails(
        "lifecycle-line-endings",
        "the line ends of Windows",
        _spec(),
        _finding(
            "`s3://sagemaker-x/lc/on_create.sh` has the line ends of Windows (CR LF)", remedy=_NO_CR, path=_SCRIPT
        ),
        account=_holding(b"#!/bin/bash\r\necho\r\n"),
    ),
    fails(
        "lifecycle-line-endings",
        "a byte order mark",
        _spec(),
        _finding("`s3://sagemaker-x/lc/on_create.sh` has a byte order mark", remedy=_NO_CR, path=_SCRIPT),
        account=_holding(b"\xef\xbb\xbf#!/bin/bash\n"),
    ),
    fails(
        "lifecycle-line-endings",
        "the line ends of old Macs",
        _spec(),
        _finding("`s3://sagemaker-x/lc/on_create.sh` has the line ends of old Macs (CR)", remedy=_NO_CR, path=_SCRIPT),
        account=_holding(b"#!/bin/bash\recho\r"),
    ),
    fails(
        "lifecycle-line-endings",
        "a shell's line that ends as on Windows",
        _spec(),
        _finding(
            "`s3://sagemaker-x/lc/on_create.sh` has the line ends of Windows (CR LF)", remedy=_NO_CR, path=_SCRIPT
        ),
        account=_holding(b"#!/bin/bash -e\necho\r\n"),
    ),
    passes(
        "lifecycle-line-endings",
        "a line of Python that ends as on Windows",
        _spec(),
        _holding(b"#!/usr/bin/python3\nprint()\r\n"),
    ),
    cannot_tell(
        "lifecycle-line-endings",
        "no such script",
        _spec(),
        "could not look: there is no `s3://sagemaker-x/lc/on_create.sh`",
        _bucket(),
    ),
    passes("lifecycle-shebang", "a script with one", _spec()),
    passes(
        "lifecycle-shebang", "a script with one after a byte order mark", _spec(), _holding(b"\xef\xbb\xbf#!/bin/sh")
    ),
    passes("lifecycle-shebang", "a program", _spec(), _holding(b"\x7fELF")),
    fails(
        "lifecycle-shebang",
        "a script without",
        _spec(),
        _finding("`s3://sagemaker-x/lc/on_create.sh` does not begin with `#!`", remedy=_SHEBANG, path=_SCRIPT),
        account=_holding(b"echo ready\n"),
    ),
    fails(
        "lifecycle-shebang",
        "an empty script",
        a_slurm_spec(a_group(lifecycle={"source_s3_uri": "s3://sagemaker-x/lc", "on_create": "on_create.sh"})),
        _finding(
            "`s3://sagemaker-x/lc/on_create.sh` is empty, and so no script", "size: 0", remedy=_UPLOAD, path=_SCRIPT
        ),
        account=_holding(b""),
    ),
    *(
        fails(
            "lifecycle-shebang",
            case,
            _spec(),
            _finding(
                "`s3://sagemaker-x/lc/on_create.sh` is no text, and so no script",
                f"begins with: {text[:8]!r}",
                remedy=_UPLOAD,
                path=_SCRIPT,
            ),
            account=_holding(text),
        )
        for case, text in {
            "an empty line": b"\n",
            "UTF-16": "#!/bin/bash".encode("utf-16"),
            "an archive": b"\x1f\x8b\x08\x00",
        }.items()
    ),
    passes("lifecycle-shebang", "a program of the path", _spec(), _holding(b"#!/usr/bin/env -S python3 -u\n")),
    *(
        warns(
            "lifecycle-shebang",
            f"{line} as interpreter",
            _spec(),
            _finding(
                f"`s3://sagemaker-x/lc/on_create.sh` is run by `{name}`, which nodes may not have",
                remedy=_COPY % "sed -i '1c #!/bin/bash' on_create.sh",
                path=_SCRIPT,
                level="warn",
            ),
            account=_holding(f"#!{line}\necho\n".encode()),
        )
        for line, name in {
            "/bin/bsh": "/bin/bsh",
            "bash": "bash",
            "/usr/bin/env fish": "/usr/bin/fish",
            "/usr/bin/env": "/usr/bin/env",
            "": "",
        }.items()
    ),
    passes("lifecycle-log-file", "a script that logs", _spec()),
    passes(
        "lifecycle-log-file",
        "a script that names one that logs",
        _spec(),
        _bucket(lc__on_create_sh=b"#!/bin/sh\n. ./lib.sh\n", lc__lib_sh=_GOOD),
    ),
    notes(
        "lifecycle-log-file",
        "a script that does not log",
        _spec(),
        _finding(
            "`s3://sagemaker-x/lc/on_create.sh` does not mention /var/log/provision/provisioning.log, "
            "all that CloudWatch gets",
            "add: exec > >(tee -a /var/log/provision/provisioning.log) 2>&1",
            remedy=None,
            path=_SCRIPT,
            level="note",
        ),
        account=_holding(b"#!/bin/sh\n"),
    ),
)

ROWS = (*PREFIX, *ENTRY, *REGION, *NAME, *TEXT)

ASKS: dict[str, tuple[str, ...]] = {
    "lifecycle-prefix-exists": ("storage.objects",),
    "lifecycle-entrypoint-present": ("storage.objects",),
    "lifecycle-bucket-region": ("caller.identity", "storage.bucket_region"),
    "lifecycle-bucket-name": ("caller.identity", "iam.simulate"),
    "lifecycle-line-endings": ("storage.read",),
    "lifecycle-shebang": ("storage.read",),
    "lifecycle-log-file": ("storage.objects", "storage.read"),
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    spec = _spec("s3://mine/lc") if check_id == "lifecycle-bucket-name" else _spec()
    return spec, FakeAccount().holding(a_role())
