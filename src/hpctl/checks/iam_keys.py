"""Whether execution roles may use the KMS keys of the scripts that nodes read and of the volumes they get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hpctl.catalog.iam_actions import action_set
from hpctl.checks.declare import Path, check, fail
from hpctl.checks.permissions import RoleUse, allowing, denial, execution_roles, grant, places_of, refusals
from hpctl.checks.scripts import entries_of_groups
from hpctl.checks.walk import all_groups
from hpctl.facts.records import Identity, KmsKey, Verdict
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

_OWN_ALIAS = "alias/aws/"
"""How the aliases of AWS's own keys begin, and no others (AWS KMS developer guide, aliases)."""

_REGION, _ACCOUNT = 3, 4
"""Fields of an ARN."""


@dataclass(frozen=True)
class Sealed:
    """A script or a volume under a key; `purpose` is the id of the action set that its use takes."""

    purpose: str
    key_id: str
    name: str
    path: Path

    @property
    def refusal(self) -> str:
        """What is wrong where the role may not."""
        return "may not decrypt the lifecycle scripts" if self.is_script else "may not use the key of the EBS volumes"

    @property
    def is_script(self) -> bool:
        """Whether it is an object in S3."""
        return self.purpose == "script-key"


@check(
    "iam-exec-kms",
    "execution roles may use the keys of scripts and volumes",
    about=("instance_groups",),
    needs=("iam-exec-exists", "lifecycle-entrypoint-present"),
    reads=("s3:GetObject", "kms:DescribeKey", "kms:GetKeyPolicy", "iam:SimulatePrincipalPolicy"),
)
def exec_kms(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes download scripts that a KMS key of yours encrypts only with `kms:Decrypt` on that key.

    Without it the scripts fail as if they were not there. EBS volumes under a key of yours take `kms:CreateGrant` and
    `kms:DescribeKey`. Keys that AWS manages (`aws/s3`, `aws/ebs`) take nothing, and a key policy that names the role
    is as good as a policy of the role's own.

    Not looked at: the scripts' neighbours, which may be under other keys; a key policy that leaves nothing to IAM;
    the policy of a key in another account, which must admit the role besides.
    """
    identity = world.identity()
    for use in execution_roles(spec):
        by_key: defaultdict[tuple[str, str], list[Sealed]] = defaultdict(list)
        for sealed in (*_scripts(spec, world, use), *_volumes(spec, use)):
            by_key[sealed.purpose, sealed.key_id].append(sealed)
        for things in by_key.values():
            yield from _judged(spec, world, use, things, identity)


def _judged(
    spec: ClusterSpec, world: World, use: RoleUse, things: list[Sealed], identity: Identity
) -> Iterator[Finding]:
    first = things[0]
    names = f"under it: {', '.join(dict.fromkeys(thing.name for thing in things))}"
    if (region := _field(first.key_id, _REGION, identity.region)) != identity.region:
        if not first.is_script:  # a bucket in another Region is found out elsewhere
            message = f"the key `{first.key_id}` is in `{region}`, the cluster would be in `{identity.region}`"
            yield fail(use.subject, message, names, remedy=_another(identity), at=first.path)
        return
    key = _key(world, first.key_id, identity)
    if key is None:
        yield fail(use.subject, f"there is no key `{first.key_id}`", names, remedy=_another(identity), at=first.path)
    elif not key.managed_by_aws:
        values = {"key": key.arn, "key_name": key.arn.rpartition("/")[2]}
        wanted = action_set(first.purpose, places_of(spec, identity) | values)
        if refused := _unadmitted(world, use, key, refusals(world, use.arn, wanted), identity):
            evidence = (f"key: {key.arn}", names, *denial(refused), use.group_names)
            own = _field(key.arn, _ACCOUNT, identity.account) == identity.account
            remedy, fix = grant(use.arn, refused, wanted), allowing(use.arn, refused, wanted) if own else ()
            yield fail(use.subject, first.refusal, *evidence, remedy=remedy, at=use.path, fix=fix)


def _key(world: World, key_id: str, identity: Identity) -> KmsKey | None:
    """Return the key, None when there is none; of other accounts' keys KMS tells nothing but to those they let in."""
    if _field(key_id, _ACCOUNT, identity.account) != identity.account:
        return KmsKey(key_id)
    return KmsKey(key_id, managed_by_aws=True) if _OWN_ALIAS in key_id else world.kms_key(key_id)


def _unadmitted(
    world: World, use: RoleUse, key: KmsKey, refused: tuple[Verdict, ...], identity: Identity
) -> tuple[Verdict, ...]:
    """Return the refusals that stand after the key's own policy was read."""
    final = any(one.by_organization or one.by_boundary or one.decision == "explicitDeny" for one in refused)
    if not refused or final or _field(key.arn, _ACCOUNT, identity.account) != identity.account:
        return refused
    admitted = [pattern.lower() for pattern in world.actions_by_key_policy(key.arn, use.arn)]
    return tuple(one for one in refused if not any(fnmatchcase(one.action.lower(), each) for each in admitted))


def _scripts(spec: ClusterSpec, world: World, use: RoleUse) -> Iterator[Sealed]:
    for entry in entries_of_groups(spec):
        if entry.group in use.groups and (key_id := world.encryption_key(entry.folder.bucket, entry.key)):
            yield Sealed("script-key", key_id, entry.uri, entry.path)


def _volumes(spec: ClusterSpec, use: RoleUse) -> Iterator[Sealed]:
    for path, group in all_groups(spec):
        for number, storage in enumerate(group.storage if group in use.groups else ()):
            if storage.ebs and (key_id := storage.ebs.volume_kms_key_id):
                kind = "root" if storage.ebs.root_volume else "second"
                at = (*path, "storage", number, "ebs", "volume_kms_key_id")
                yield Sealed("volume-key", key_id, f"{kind} volume of {group.name}", at)


def _field(key_id: str, number: int, otherwise: str) -> str:
    """Return a field of a key's ARN; ids and aliases alone are of here."""
    fields = key_id.split(":")
    return fields[number] if fields[0] == "arn" and len(fields) > _ACCOUNT else otherwise


def _another(identity: Identity) -> str:
    return f"use a key that there is in `{identity.region}`, or none\naws kms list-keys --region {identity.region}"
