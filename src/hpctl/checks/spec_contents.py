"""What stands in the request: volumes that can be made, and nothing that should stay secret."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.secret_words import REFERENCE, SECRET_NAME, SECRET_VALUE
from hpctl.checks.walk import all_groups, texts
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec


@check("spec-root-volume", "each group has one root volume and one further volume at most", about=("instance_groups",))
def root_volume(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Of EBS volumes a group may describe its root volume and one more, which is mounted at `/opt/sagemaker`."""
    for path, group in all_groups(spec):
        volumes = [storage.ebs for storage in group.storage if storage.ebs]
        roots = sum(volume.root_volume is True for volume in volumes)
        for count, what in ((roots, "root volumes"), (len(volumes) - roots, "EBS volumes beside the root volume")):
            if count > 1:
                yield fail(
                    f"instance group/{group.name}",
                    f"has {count} {what}, one is possible",
                    remedy=f"leave one of them under `storage` of `{group.name}`",
                    at=(*path, "storage"),
                )


@check("spec-plaintext-secrets", "the spec holds no secrets", about=("tags", "instance_groups"), blocking=False)
def plaintext_secrets(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Tags and labels are shown to everybody who may describe the cluster, and specs are kept in version control.

    What looks like a secret, by its name or by its form, belongs into Secrets Manager, and its ARN here.
    """
    for path, key, value in texts(spec):
        named = SECRET_NAME.search(key) and value and not REFERENCE.search(value)
        if named or SECRET_VALUE.search(value):
            yield warn(
                f"{path[-2]}/{key}",
                "looks like a secret, and everybody who may describe the cluster sees it",
                remedy="keep it in Secrets Manager and write its ARN, and take this one out of use",
                at=path,
            )
