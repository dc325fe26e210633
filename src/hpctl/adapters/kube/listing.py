"""What the Kubernetes of an EKS cluster lists: the port `facts.ports.Kubernetes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.errors import Asked
from hpctl.adapters.kube.https import get
from hpctl.adapters.kube.token import bearer_token
from hpctl.errors import NotFoundError
from hpctl.facts.records import EksCluster

PAGE_SIZE: Final = 500
"""Rows a page, as kubectl asks."""

_DAEMON_SETS: Final = "/apis/apps/v1/daemonsets"
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class EksKubernetes:
    """Reads Kubernetes as the caller of AWS, at the endpoint that EKS tells."""

    def __init__(self, session: AwsSession) -> None:
        """Sign tokens with the credentials of `session`."""
        self._session = session

    def daemon_sets(self, cluster: EksCluster) -> tuple[tuple[str, str], ...]:
        """Return namespace and name of every DaemonSet."""
        rows = self._metadata(cluster, _DAEMON_SETS, "daemonsets.apps")
        return tuple((str(row.get("namespace", "")), str(row.get("name", ""))) for row in rows)

    def custom_resources(self, cluster: EksCluster) -> frozenset[str]:
        """Return the names of the custom resource definitions."""
        rows = self._metadata(cluster, _CRDS, "customresourcedefinitions.apiextensions.k8s.io")
        return frozenset(str(row.get("name", "")) for row in rows)

    def _metadata(self, cluster: EksCluster, path: str, resource: str) -> Iterator[Mapping[str, Any]]:
        asked = Asked(resource, cluster.name, self._session.region)
        token, following, seen = bearer_token(self._session, cluster.name), "", {""}
        while True:
            query = {"limit": str(PAGE_SIZE), **({"continue": following} if following else {})}
            try:
                page = get(cluster, f"{path}?{urlencode(query)}", token, asked)
                rows, following = _read(page)
            except NotFoundError:  # the API group is not there, and so are not its objects
                return
            except (AttributeError, KeyError, TypeError) as error:
                raise asked.unreadable() from error
            yield from rows
            if not following:
                return
            if following in seen:
                raise asked.unreadable()
            seen.add(following)


def _read(page: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str]:
    """Read one page of a list: the metadata of its rows, and where it goes on."""
    rows: list[Mapping[str, Any]] = [dict(item["metadata"]) for item in page["items"]]
    return rows, str(page["metadata"].get("continue") or "")
