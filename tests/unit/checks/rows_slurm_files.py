"""What the checks of `slurm_files` say of the two models of Slurm roles."""

from __future__ import annotations

import json
from typing import Any

from hpctl.checks.slurm_files import FILE
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_plain_group, a_slurm_spec
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

_URI = "s3://sagemaker-x/lc/provisioning_parameters.json"
_AT = ("instance_groups", 0, "lifecycle", "source_s3_uri")
_GOOD: dict[str, Any] = {
    "version": "1.0.0",
    "workload_manager": "slurm",
    "controller_group": "head",
    "worker_groups": [{"instance_group_name": "workers", "partition_name": "train"}],
}
_LEGACY = a_slurm_spec(a_plain_group("head", count=1), a_group(), orchestrator=None)
_ON_SLURM = a_slurm_spec(a_plain_group("head", count=1), a_group())


def _holding(text: bytes | dict[str, Any]) -> FakeAccount:
    account = FakeAccount()
    content = text if isinstance(text, bytes) else json.dumps(text).encode()
    account.storage.buckets["sagemaker-x"]["lc/provisioning_parameters.json"] = content
    return account


def _with(**members: Any) -> FakeAccount:
    return _holding({key: value for key, value in {**_GOOD, **members}.items() if value is not None})


def _both(group: str) -> Finding:
    message = f"Slurm is configured in the spec, and by `{_URI}` too"
    return a_finding("fail", f"instance group/{group}", message, remedy=f"aws s3 rm {_URI}", path=_AT)


def _unreadable(fault: str) -> Finding:
    remedy = f"mend the file, then: aws s3 cp provisioning_parameters.json {_URI}"
    return a_finding("fail", "instance group/head", f"`{_URI}` {fault}", remedy=remedy, path=_AT)


_NO_WORKERS = "has no list `worker_groups` of objects with an `instance_group_name`"

EXCLUSIVE = (
    passes("slurm-model-exclusive", "roles in the request alone", a_slurm_spec()),
    passes("slurm-model-exclusive", "roles in the file alone", _LEGACY, _with()),
    fails("slurm-model-exclusive", "both", a_slurm_spec(), _both("controller"), account=_with()),
    fails("slurm-model-exclusive", "the file beside `slurm: {}`", _ON_SLURM, _both("head"), account=_with()),
)

_UNREADABLE: tuple[tuple[str, FakeAccount, tuple[str, ...]], ...] = (
    (
        "a comma too many",
        _holding(b'{"version": "1",\n}'),
        ("is no JSON, line 2 column 1: Expecting property name enclosed in double quotes",),
    ),
    ("a byte order mark", _holding(b"\xef\xbb\xbf{}"), ("begins with a byte order mark",)),
    ("other bytes", _holding(b'{"a": "\xff"}'), ("is no JSON that can be read",)),
    ("a well without a bottom", _holding(b"[" * 100_000), ("is no JSON that can be read",)),
    ("a list", _holding(b"[]"), ("is no JSON object",)),
    ("no version", _with(version=None), ("has no `version`",)),
    ("another manager", _with(workload_manager="pbs"), ("has a `workload_manager` other than `slurm`",)),
    ("no workers", _with(worker_groups=None), (_NO_WORKERS,)),
    ("workers without names", _with(worker_groups=[{"partition_name": "train"}]), (_NO_WORKERS,)),
    (
        "a group in no partition",
        _with(worker_groups=[{"instance_group_name": "workers"}]),
        ("has no `partition_name` for `workers`",),
    ),
    (
        "half a file system",
        _with(fsx_dns_name="fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com"),
        ("has one of `fsx_dns_name` and `fsx_mountname`, which go together",),
    ),
    ("nothing", _holding(b"{}"), (*(f"has no `{key}`" for key in list(_GOOD)[:3]), _NO_WORKERS)),
)

PARSE = (
    passes("slurm-params-parse", "a good file", _LEGACY, _with()),
    passes("slurm-params-parse", "roles in the request", a_slurm_spec(), _holding(b"[")),
    notes(
        "slurm-params-parse",
        "no roles anywhere",
        _LEGACY,
        a_finding(
            "note",
            "instance group/head",
            f"no Slurm roles in the spec and no `{_URI}`: the scripts have to know them",
            path=_AT,
        ),
    ),
    *(
        fails("slurm-params-parse", case, _LEGACY, *map(_unreadable, faults), account=account)
        for case, account, faults in _UNREADABLE
    ),
)


def _stranger(key: str, name: str, near: str) -> Finding:
    return a_finding(
        "fail",
        f"provisioning_parameters.json/{key}",
        f"names `{name}`, and there is no such instance group",
        "instance groups: head, workers",
        remedy=f"name `{near}` in `{_URI}`",
        path=_AT,
    )


def _undeclared(group: str, message: str) -> Finding:
    remedy = f"name `{group}` once: as controller_group, login_group or one of worker_groups"
    return a_finding("fail", f"instance group/{group}", f"`{_URI}` {message}", remedy=remedy, path=_AT)


_NO_JSON = f"could not look: `{_URI}` is no JSON object"
_TWICE = [
    {"instance_group_name": "workers", "partition_name": "train"},
    {"instance_group_name": "workers", "partition_name": "train"},
]

NAMES = (
    passes("slurm-params-match", "the request's groups", _LEGACY, _with()),
    passes("slurm-params-match", "no file", _LEGACY),
    fails(
        "slurm-params-match",
        "groups that there are not",
        _LEGACY,
        _stranger("controller_group", "haed", "head"),
        _stranger("login_group", "x", "head"),
        _stranger("worker_groups[0]", "worker", "workers"),
        account=_with(
            controller_group="haed",
            login_group="x",
            worker_groups=[{"instance_group_name": "worker", "partition_name": "train"}],
        ),
    ),
    cannot_tell("slurm-params-match", "a file that cannot be read", _LEGACY, _NO_JSON, _holding(b"[]")),
    passes("slurm-params-declared", "every group once", _LEGACY, _with()),
    passes("slurm-params-declared", "no file", _LEGACY),
    fails(
        "slurm-params-declared",
        "a group left out",
        _LEGACY,
        _undeclared("workers", "does not name it"),
        account=_with(worker_groups=[]),
    ),
    fails(
        "slurm-params-declared",
        "a group named twice",
        _LEGACY,
        _undeclared("workers", "names it 2 times"),
        account=_with(worker_groups=_TWICE),
    ),
    cannot_tell("slurm-params-declared", "a file that cannot be read", _LEGACY, _NO_JSON, _holding(b"[]")),
)


_SHARED = {
    "slurm_database_secret_arn": "arn:aws:secretsmanager:us-west-2:123456789012:secret:db",
    "slurm_database_endpoint": "db.example.com",
    "slurm_database_user": "slurm",
    "slurm_shared_directory": "/fsx",
}
_TWO = a_slurm_spec(a_plain_group("head", count=2), a_group(), orchestrator=None)


def _heads(message: str, remedy: str) -> Finding:
    return a_finding("warn", f"{FILE}/slurm_configurations", message, remedy=remedy, path=_AT)


HEADS = (
    passes("slurm-multi-head", "one controller", _LEGACY, _with()),
    passes("slurm-multi-head", "two that share everything", _TWO, _with(slurm_configurations=_SHARED)),
    passes("slurm-multi-head", "roles in the request", a_slurm_spec()),
    warns(
        "slurm-multi-head",
        "two that share too little",
        _TWO,
        _heads(
            f"asks for 2 controllers, and `{_URI}` has no `slurm_database_user`, `slurm_shared_directory`",
            f"add them under `slurm_configurations` in `{_URI}`, or ask for one controller: count: 1",
        ),
        account=_with(slurm_configurations=dict(list(_SHARED.items())[:2])),
    ),
    warns(
        "slurm-multi-head",
        "two that share nothing",
        _TWO,
        _heads(
            f"asks for 2 controllers, and `{_URI}` has no `slurm_database_secret_arn`, `slurm_database_endpoint`, "
            "`slurm_database_user`, `slurm_shared_directory`",
            f"add them under `slurm_configurations` in `{_URI}`, or ask for one controller: count: 1",
        ),
        account=_with(),
    ),
    warns(
        "slurm-multi-head",
        "one that has nobody to share with",
        _LEGACY,
        _heads(f"`{_URI}` is for several controllers, and the spec asks for one", "count: 2"),
        account=_with(slurm_configurations=_SHARED),
    ),
)

ROWS = (*EXCLUSIVE, *PARSE, *NAMES, *HEADS)

ASKS: dict[str, tuple[str, ...]] = {
    "slurm-model-exclusive": ("storage.objects",),
    "slurm-params-parse": ("storage.objects", "storage.read"),
    "slurm-params-match": ("storage.objects", "storage.read"),
    "slurm-params-declared": ("storage.objects", "storage.read"),
    "slurm-multi-head": ("storage.objects", "storage.read"),
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    return (a_slurm_spec(), FakeAccount()) if check_id == "slurm-model-exclusive" else (_LEGACY, _with())
