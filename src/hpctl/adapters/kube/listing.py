"""What the Kubernetes of an EKS cluster tells: the port `facts.kubernetes_port.Kubernetes`."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.errors import Asked, words_of
from hpctl.adapters.kube.https import JSON, METADATA, exchange, get, post
from hpctl.adapters.kube.objects import api_versions_of, node_of, review_of, server_version_of, workload_of
from hpctl.adapters.kube.requested import HOLDING, request_of
from hpctl.adapters.kube.token import bearer_token
from hpctl.errors import NotFoundError
from hpctl.facts.asked_of_nodes import together
from hpctl.facts.jobs import POD
from hpctl.facts.kubernetes import AccessReview, AccessWish, Contact, KubernetesNode, Stage, Workload
from hpctl.facts.records import EksCluster

Row = TypeVar("Row")

PAGE_SIZE: Final = 500
"""Rows a page, as kubectl asks."""

_DAEMON_SETS: Final = "/apis/apps/v1/daemonsets"
_DEPLOYMENTS: Final = "/apis/apps/v1/deployments"
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AT_ONCE: Final = 6
"""Questions that are asked at the same time."""


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

    def contact(self, cluster: EksCluster) -> Contact:
        """Return how far a first request comes: a look at the server's version, which everybody known may take."""
        token = bearer_token(self._session, cluster.name)
        try:
            reply = exchange(cluster, "/version", token, {"Accept": JSON})
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            stage = Stage.UNTRUSTED if isinstance(reason, ssl.SSLError) else Stage.UNREACHED
            return Contact(stage, str(reason) or type(reason).__name__)
        match reply.status:
            case HTTPStatus.OK:
                return Contact(Stage.ANSWERED, version=server_version_of(reply.body))
            case HTTPStatus.UNAUTHORIZED:
                return Contact(Stage.REFUSED, words_of(reply.body))
            case HTTPStatus.FORBIDDEN:
                return Contact(Stage.ANSWERED, words_of(reply.body))
            case status:
                words = words_of(reply.body)
                return Contact(Stage.UNREACHED, f"it answers {status}{f': {words}' if words else ''}")

    def api_versions(self, cluster: EksCluster) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of every API group that is served, the preferred one first."""
        asked = Asked("apigroups", cluster.name, self._session.region)
        answer = get(cluster, "/apis", bearer_token(self._session, cluster.name), asked, accept=JSON)
        return _reading(api_versions_of, answer, asked)

    def reviews(self, cluster: EksCluster, wishes: Iterable[AccessWish]) -> tuple[AccessReview, ...]:
        """Return whether the caller may do each of these things."""
        asked = Asked("selfsubjectaccessreviews.authorization.k8s.io", cluster.name, self._session.region)
        token = bearer_token(self._session, cluster.name)

        def review(wish: AccessWish) -> AccessReview:
            answer = post(cluster, _REVIEWS, token, asked, _question(wish))
            return _reading(lambda found: review_of(found, wish), answer, asked)

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="review") as pool:
            return tuple(pool.map(review, wishes))

    def workloads(self, cluster: EksCluster) -> tuple[Workload, ...]:
        """Return every Deployment and DaemonSet."""
        found = [
            *self._rows(cluster, _DEPLOYMENTS, "deployments.apps", JSON, lambda row: workload_of("Deployment", row)),
            *self._rows(cluster, _DAEMON_SETS, "daemonsets.apps", JSON, lambda row: workload_of("DaemonSet", row)),
        ]
        return tuple(found)

    def nodes(self, cluster: EksCluster) -> tuple[KubernetesNode, ...]:
        """Return every node."""
        return tuple(self._rows(cluster, "/api/v1/nodes", "nodes", JSON, node_of))

    def requested(self, cluster: EksCluster, namespace: str | None) -> Mapping[str, Mapping[str, float]]:
        """Return what pods ask for together, by node and resource; no more than a page is kept at a time."""
        found = self._rows(cluster, POD.path(namespace), "pods", JSON, request_of, fieldSelector=HOLDING)
        return together((node, asked) for node, asked in found if node)

    def _metadata(self, cluster: EksCluster, path: str, resource: str) -> Iterator[Mapping[str, Any]]:
        return self._rows(cluster, path, resource, METADATA, lambda row: dict(row["metadata"]))

    def _rows(
        self, cluster: EksCluster, path: str, resource: str, accept: str, read: Callable[[Any], Row], **selectors: str
    ) -> Iterator[Row]:
        asked = Asked(resource, cluster.name, self._session.region)
        token, following, seen = bearer_token(self._session, cluster.name), "", {""}
        while True:
            query = {"limit": str(PAGE_SIZE), **selectors, **({"continue": following} if following else {})}
            try:
                page = get(cluster, f"{path}?{urlencode(query)}", token, asked, accept=accept)
            except NotFoundError:  # the API group is not there, and so are not its objects
                return
            yield from _reading(lambda told: [read(row) for row in told["items"]], page, asked)
            following = _reading(lambda told: str(told["metadata"].get("continue") or ""), page, asked)
            if not following:
                return
            if following in seen:
                raise asked.unreadable()
            seen.add(following)


def _reading(read: Callable[[Any], Row], answer: Mapping[str, Any], asked: Asked) -> Row:
    try:
        return read(answer)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise asked.unreadable() from error


def _question(wish: AccessWish) -> dict[str, Any]:
    attributes = {"verb": wish.verb, "resource": wish.resource, "group": wish.group, "subresource": wish.subresource}
    known = {name: value for name, value in attributes.items() if value}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": known | ({"namespace": wish.namespace} if wish.namespace else {})},
    }
