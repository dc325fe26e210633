"""What checks say of volumes, secrets, file systems and databases in a spec, and of whom the spec is for."""

from __future__ import annotations

from typing import Any

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_network, a_slurm_spec, a_spec, an_identity
from tests.unit.checks.row import fails, passes, warns
from tests.unit.fakes import FakeAccount

_STORAGE = ("instance_groups", 0, "storage")
_DNS = "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com"
_KEY = "arn:aws:kms:us-west-2:123456789012:key/0"
_ROOT = {"ebs": {"root_volume": True, "volume_kms_key_id": _KEY}}
_VOLUME = {"ebs": {"volume_size_in_gb": 500}}


def _volumes(count: int, what: str) -> Finding:
    return a_finding(
        "fail",
        "instance group/workers",
        f"has {count} {what}, one is possible",
        remedy="leave one of them under `storage` of `workers`",
        path=_STORAGE,
    )


def _stored(*storage: dict[str, Any], **members: Any) -> ClusterSpec:
    return a_spec(a_group(storage=storage), **members)


def _labelled(**labels: str) -> ClusterSpec:
    return a_spec(a_group(kubernetes={"labels": labels}))


def _secret(subject: str, *path: str | int) -> Finding:
    return a_finding(
        "warn",
        subject,
        "looks like a secret, and everybody who may describe the cluster sees it",
        remedy="keep it in Secrets Manager and write its ARN, and take this one out of use",
        path=path,
    )


_LABELS = ("instance_groups", 0, "kubernetes", "labels")

CONTENTS = (
    passes("spec-root-volume", "one of each", _stored(_ROOT, _VOLUME)),
    fails("spec-root-volume", "two root volumes", _stored(_ROOT, _ROOT), _volumes(2, "root volumes")),
    fails(
        "spec-root-volume",
        "two further volumes",
        _stored(_VOLUME, _VOLUME, _ROOT),
        _volumes(2, "EBS volumes beside the root volume"),
    ),
    passes(
        "spec-plaintext-secrets",
        "plain tags and a reference",
        a_spec(tags={"team": "research", "db-password": "arn:aws:secretsmanager:us-west-2:1:secret:x", "token": ""}),
    ),
    warns(
        "spec-plaintext-secrets",
        "a password and a key of AWS",
        a_spec(tags={"db-password": "hunter2", "note": "use AKIAIOSFODNN7EXAMPLE"}),
        _secret("tags/db-password", "tags", "db-password"),
        _secret("tags/note", "tags", "note"),
    ),
    warns(
        "spec-plaintext-secrets",
        "a token in a label",
        _labelled(hub="hf_" + "a" * 34),
        _secret("labels/hub", *_LABELS, "hub"),
    ),
)


def _lustre(dns_name: str = _DNS, mount_name: str = "abcdefgh") -> dict[str, Any]:
    return {"fsx_lustre": {"dns_name": dns_name, "mount_name": mount_name, "mount_path": "/fsx"}}


def _in_region(region: str) -> FakeAccount:
    account = FakeAccount()
    account.caller.who = an_identity(region=region)
    return account


FSX = (
    passes("slurm-fsx-vpc", "a network of the cluster", a_slurm_spec(a_group(storage=(_lustre(),)))),
    passes(
        "slurm-fsx-vpc",
        "a network of the group",
        a_slurm_spec(a_group(storage=(_lustre(),), override_network=a_network()), network=None),
    ),
    fails(
        "slurm-fsx-vpc",
        "no network",
        a_slurm_spec(a_group(storage=(_lustre(),)), network=None),
        a_finding(
            "fail",
            "instance group/workers",
            "mounts FSx, and neither the group nor the cluster names a network",
            remedy="add `network: {subnet_ids: [...], security_group_ids: [...]}` of the file system's VPC",
            path=_STORAGE,
        ),
    ),
)

_SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:slurm-AbCdEf"
_DATABASE = ("orchestrator", "slurm", "accounting_database")


def _accounting(endpoint: str = "db.abc.us-west-2.rds.amazonaws.com", **members: Any) -> ClusterSpec:
    database = {"endpoint": endpoint, "secret_arn": _SECRET}
    return a_slurm_spec(orchestrator={"slurm": {"accounting_database": database}}, **members)


def _database(message: str, remedy: str, *member: str) -> Finding:
    return a_finding("fail", "cluster/ml-cluster", message, remedy=remedy, path=(*_DATABASE, *member))


ACCOUNTING = (
    passes("slurm-accounting", "no database", a_slurm_spec(network=None)),
    passes("slurm-accounting", "a database in the Region", _accounting()),
    fails(
        "slurm-accounting",
        "a bare word",
        _accounting("localhost"),
        _database(
            "endpoint `localhost` is no full host name",
            "write the database's endpoint, such as `NAME.ID.REGION.rds.amazonaws.com`",
            "endpoint",
        ),
    ),
    fails(
        "slurm-accounting",
        "a secret elsewhere",
        _accounting(),
        _database(
            "the database's secret is in `us-west-2`, the cluster would be in `eu-west-1`",
            f"aws secretsmanager replicate-secret-to-regions --region us-west-2 --secret-id {_SECRET} "
            "--add-replica-regions Region=eu-west-1",
            "secret_arn",
        ),
        account=_in_region("eu-west-1"),
    ),
    fails(
        "slurm-accounting",
        "no network",
        _accounting(network=None),
        _database(
            "has an accounting database and names no network",
            "add `network: {subnet_ids: [...], security_group_ids: [...]}` of the database's VPC",
        ),
    ),
)


def _for(member: str, wanted: str, seen: str, remedy: str) -> Finding:
    message = f"the spec is for {member} `{wanted}`, the credentials are for `{seen}`"
    return a_finding("fail", "cluster/ml-cluster", message, remedy=remedy, path=(member,))


IDENTITY = (
    passes("identity-account-region", "no word of either", a_spec()),
    passes("identity-account-region", "both as they are", a_spec(account="123456789012", region="us-west-2")),
    fails(
        "identity-account-region",
        "another account and Region",
        a_spec(account="210987654321", region="eu-west-1"),
        _for("account", "210987654321", "123456789012", "use other credentials (`--profile`)"),
        _for("region", "eu-west-1", "us-west-2", "--region eu-west-1"),
    ),
)

ROWS = (*CONTENTS, *FSX, *ACCOUNTING, *IDENTITY)

_IDENTITY = ("caller.identity",)
ASKS = dict.fromkeys(("identity-account-region", "slurm-accounting"), _IDENTITY)


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    return _accounting() if check_id == "slurm-accounting" else a_spec(), FakeAccount()
