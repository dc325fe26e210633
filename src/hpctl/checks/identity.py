"""Who is calling: the credentials work, and they are the ones that the spec is for."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, note, warn
from hpctl.errors import AccessError, UsageError
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

CREATION_S = 30 * 60
"""How long credentials should be good for: creating a cluster takes 15 to 25 minutes (AWS documentation)."""


@check("identity-credentials", "the AWS credentials are valid", reads=("sts:GetCallerIdentity",))
def credentials(_machine: Machine, world: World) -> Iterator[Finding]:
    """AWS says who the credentials belong to, which it does for every valid one, and a Region is chosen."""
    try:
        identity = world.identity()
    except (AccessError, UsageError) as error:
        remedy = error.hint or "log in again, or choose other credentials (`--profile`)"
        yield fail("credentials", error.message, remedy=remedy)
        return
    yield note("credentials", f"`{identity.arn}` in `{identity.region}`")


@check(
    "identity-expiry",
    "the credentials outlive the making of a cluster",
    needs=("identity-credentials",),
    reads=("sts:GetCallerIdentity",),
    blocking=False,
)
def expiry(_machine: Machine, world: World) -> Iterator[Finding]:
    """Making a cluster takes 15 to 25 minutes; with credentials that end before, hpctl cannot tell how it went.

    Only credentials from the environment that say when they end can be judged (`AWS_CREDENTIAL_EXPIRATION`): profiles
    renew theirs. The cluster itself does not depend on them once it was asked for.
    """
    left_s = world.credentials_left_s()
    if left_s is not None and left_s < CREATION_S:
        remedy = "renew the AWS_* variables, or use a profile that renews itself (`--profile`)"
        evidence = f"needed: {CREATION_S // 60} minutes"
        yield warn("credentials", f"end in {max(int(left_s // 60), 0)} minutes", evidence, remedy=remedy)


@check(
    "identity-account-region",
    "the credentials are for the spec's account and Region",
    about=("account", "region"),
    reads=("sts:GetCallerIdentity",),
)
def account_region(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A spec may name the account and the Region that it is for; hpctl acts nowhere else."""
    identity = world.identity()
    for member, wanted, seen in (
        ("account", spec.account, identity.account),
        ("region", spec.region, identity.region),
    ):
        if wanted and wanted != seen:
            remedy = "use other credentials (`--profile`)" if member == "account" else f"--region {wanted}"
            message = f"the spec is for {member} `{wanted}`, the credentials are for `{seen}`"
            yield fail(f"cluster/{spec.name}", message, remedy=remedy, at=(member,))
