"""Which cluster is meant, when none was named."""

from __future__ import annotations

from hpctl.errors import NotFoundError, UsageError
from hpctl.facts.ports import Clusters


def only_cluster(clusters: Clusters, region: str) -> str:
    """Return the only cluster's name; `NotFoundError` when there is none, `UsageError` with the list when several."""
    names = [summary.name for summary in clusters.summaries()]
    match names:
        case []:
            raise NotFoundError(f"there is no cluster in `{region}`", hint="hpctl cluster create -f cluster.yaml")
        case [only]:
            return only
    raise UsageError(
        f"there are {len(names)} clusters in `{region}`, say which",
        hint="\n".join(f"--cluster {name}" for name in names),
    )
