"""What the check of KMS keys says of execution roles."""

from __future__ import annotations

from typing import Any

from hpctl.errors import AccessError
from hpctl.facts.records import KmsKey
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    ACCOUNT,
    KEY_ARN,
    REGION,
    ROLE,
    a_finding,
    a_group,
    a_groupless_spec,
    a_plain_group,
    a_restricted_group,
    a_spec,
)
from tests.unit.checks.row import Row, cannot_tell, fails, passes
from tests.unit.fakes import FakeAccount

_ID = "iam-exec-kms"
_SUBJECT = "role/hyperpod-execution"
_GROUPS = "instance groups: workers"
_DECRYPT, _GRANT = "kms:Decrypt", "kms:CreateGrant"
_SCRIPT = "under it: s3://sagemaker-x/lc/on_create.sh"
_PURPOSES = {"scripts": '"kms:Decrypt"', "volumes": '"kms:CreateGrant","kms:DescribeKey"'}
_AT = ("instance_groups", 0, "execution_role")
_FOREIGN = KEY_ARN.replace(ACCOUNT, "999999999999")
_ELSEWHERE = KEY_ARN.replace(REGION, "eu-west-1")
_SCRIPTED: dict[str, Any] = {"lifecycle": {"source_s3_uri": "s3://sagemaker-x/lc", "on_create": "on_create.sh"}}
_RUNS = a_spec(a_group(**_SCRIPTED))


def _encrypting(*denied: str, by: str = KEY_ARN, **how: Any) -> FakeAccount:
    account = FakeAccount()
    account.storage.encrypted_by["lc/on_create.sh"] = by
    for action in denied:
        account.iam.deny(action, **how)
    return account


def _admitting(account: FakeAccount, *actions: str) -> FakeAccount:
    account.keys.allowed[KEY_ARN, ROLE] = frozenset(actions)
    return account


def _denying(*actions: str) -> FakeAccount:
    account = FakeAccount()
    account.keys.aliases["alias/disks"] = KEY_ARN
    for action in actions:
        account.iam.deny(action)
    return account


def _blind(account: FakeAccount, operation: str) -> FakeAccount:
    account.calls.fail_always(operation, AccessError("not allowed to look"))
    return account


def _disk(key: str, *, root: bool = False) -> dict[str, Any]:
    size = {"root_volume": True} if root else {"volume_size_in_gb": 500}
    return {"ebs": {"volume_kms_key_id": key, **size}}


def _mounts(key: str) -> ClusterSpec:
    return a_spec(a_group(storage=[_disk(key)]))


def _allowing(purpose: str, key: str = KEY_ARN) -> str:
    statement = f'{{"Effect":"Allow","Action":[{_PURPOSES[purpose]}],"Resource":"{key}"}}'
    policy = f"hyperpod-{purpose}-key-{key.rpartition('/')[2]}"
    document = f'{{"Version":"2012-10-17","Statement":[{statement}]}}'
    put = "aws iam put-role-policy --role-name hyperpod-execution"
    return f"{put} --policy-name {policy} --policy-document '{document}'"


def _may_not(purpose: str, *evidence: str, key: str = KEY_ARN, remedy: str | None = None) -> Finding:
    message = {"scripts": "may not decrypt the lifecycle scripts", "volumes": "may not use the key of the EBS volumes"}
    told = (f"key: {key}", *evidence)
    return a_finding("fail", _SUBJECT, message[purpose], *told, remedy=remedy or _allowing(purpose, key), path=_AT)


def _no_key(message: str, name: str, *path: str | int) -> Finding:
    remedy = f"use a key that there is in `{REGION}`, or none\naws kms list-keys --region {REGION}"
    return a_finding("fail", _SUBJECT, message, f"under it: {name}", remedy=remedy, path=("instance_groups", 0, *path))


_DISK_AT = ("storage", 0, "ebs", "volume_kms_key_id")

SCRIPTS: tuple[Row, ...] = (
    passes(_ID, "scripts under no key", _RUNS, _denying(_DECRYPT)),
    passes(_ID, "no scripts", a_spec(a_group(lifecycle=None)), _encrypting(_DECRYPT)),
    passes(_ID, "a key that the role may use", _RUNS, _encrypting()),
    passes(
        _ID,
        "AWS's own key",
        _RUNS,
        _encrypting(_DECRYPT).holding(KmsKey(KEY_ARN, managed_by_aws=True)),
    ),
    passes(_ID, "a key policy that names the role", _RUNS, _admitting(_encrypting(_DECRYPT), "kms:decrypt")),
    passes(_ID, "a bucket in another Region", _RUNS, _encrypting(_DECRYPT, by=_ELSEWHERE)),
    passes(
        _ID,
        "a role whose nodes run no scripts",
        a_spec(a_group(**_SCRIPTED), a_plain_group(execution_role=f"{ROLE}-b", lifecycle=None)),
        _encrypting(_DECRYPT, principal_arn=f"{ROLE}-b"),
    ),
    fails(
        _ID,
        "a key that the role may not use",
        _RUNS,
        _may_not("scripts", _SCRIPT, "not allowed: kms:Decrypt", _GROUPS),
        account=_admitting(_encrypting(_DECRYPT), "kms:Encrypt"),
    ),
    fails(
        _ID,
        "two groups and one role",
        a_spec(a_group(**_SCRIPTED), a_plain_group(**_SCRIPTED)),
        _may_not("scripts", _SCRIPT, "not allowed: kms:Decrypt", "instance groups: workers, system"),
        account=_encrypting(_DECRYPT),
    ),
    fails(
        _ID,
        "two groups of which one has a poor role",
        a_spec(a_plain_group(execution_role=f"{ROLE}-b", **_SCRIPTED), a_group(**_SCRIPTED)),
        _may_not("scripts", _SCRIPT, "not allowed: kms:Decrypt", _GROUPS).model_copy(
            update={"path": ("instance_groups", 1, "execution_role")}
        ),
        account=_encrypting(_DECRYPT, principal_arn=ROLE),
    ),
    fails(
        _ID,
        "an explicit deny, whatever the key policy says",
        _RUNS,
        _may_not(
            "scripts",
            _SCRIPT,
            "denied explicitly: kms:Decrypt",
            _GROUPS,
            remedy="take the explicit Deny out of the policies and the permissions boundary of this principal",
        ),
        account=_admitting(_encrypting(_DECRYPT, decision="explicitDeny"), "kms:*"),
    ),
    fails(
        _ID,
        "a key of another account",
        _RUNS,
        _may_not("scripts", _SCRIPT, "not allowed: kms:Decrypt", _GROUPS, key=_FOREIGN),
        account=_blind(_encrypting(_DECRYPT, by=_FOREIGN), "keys.key"),
    ),
    fails(
        _ID,
        "a key that is gone",
        _RUNS,
        _no_key("there is no key `gone`", "s3://sagemaker-x/lc/on_create.sh", "lifecycle", "on_create"),
        account=_encrypting(by="gone"),
    ),
    cannot_tell(
        _ID,
        "a script that is not there",
        a_spec(a_group(lifecycle={**_SCRIPTED["lifecycle"], "on_create": "x.sh"})),
        "could not look: there is no object `lc/x.sh`",
    ),
    cannot_tell(
        _ID,
        "a key policy that nobody may read",
        _RUNS,
        "could not look: not allowed to look",
        _blind(_encrypting(_DECRYPT), "keys.actions_by_policy"),
    ),
)

VOLUMES: tuple[Row, ...] = (
    passes(
        _ID, "volumes under no key", a_spec(a_group(storage=[{"ebs": {"volume_size_in_gb": 500}}])), _denying(_GRANT)
    ),
    passes(_ID, "an alias of a key that the role may use", _mounts("alias/disks"), _denying()),
    passes(_ID, "AWS's own alias", _mounts("alias/aws/ebs"), _denying(_GRANT)),
    passes(
        _ID, "a key policy that lets the role do all", _mounts("alias/disks"), _admitting(_denying(_GRANT), "kms:*")
    ),
    fails(
        _ID,
        "an alias of a key that the role may not use",
        a_spec(a_group(storage=[_disk("alias/disks"), _disk("alias/disks", root=True)])),
        _may_not(
            "volumes",
            "under it: second volume of workers, root volume of workers",
            "not allowed: kms:CreateGrant",
            _GROUPS,
        ),
        account=_denying(_GRANT),
    ),
    fails(
        _ID,
        "a restricted group",
        a_groupless_spec(restricted_instance_groups=[a_restricted_group(storage=[_disk(KEY_ARN)])]),
        a_finding(
            "fail",
            _SUBJECT,
            "may not use the key of the EBS volumes",
            f"key: {KEY_ARN}",
            "under it: second volume of nova",
            "not allowed: kms:CreateGrant, kms:DescribeKey",
            "instance groups: nova",
            remedy=_allowing("volumes"),
            path=("restricted_instance_groups", 0, "execution_role"),
        ),
        account=_denying(_GRANT, "kms:DescribeKey"),
    ),
    fails(
        _ID,
        "no such key",
        _mounts("alias/nothing"),
        _no_key("there is no key `alias/nothing`", "second volume of workers", *_DISK_AT),
    ),
    fails(
        _ID,
        "a key in another Region",
        _mounts(_ELSEWHERE),
        _no_key(
            f"the key `{_ELSEWHERE}` is in `eu-west-1`, the cluster would be in `{REGION}`",
            "second volume of workers",
            *_DISK_AT,
        ),
    ),
    fails(
        _ID, "no ARN at all", _mounts("arn:"), _no_key("there is no key `arn:`", "second volume of workers", *_DISK_AT)
    ),
)

ROWS = (*SCRIPTS, *VOLUMES)

ASKS: dict[str, tuple[str, ...]] = {
    _ID: (
        "caller.identity",
        "storage.encryption_key",
        "keys.key",
        "keys.actions_by_policy",
        "iam.simulate",
    )
}


def wish(_check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes the check ask all that it may ask: the role's own policies do not do, the key's does."""
    return _RUNS, _admitting(_encrypting(_DECRYPT), "kms:*")
