"""As much of each EKS cluster's Kubernetes API as a look at its dependencies needs: read only, in Kubernetes' words.

One server for all clusters: a cluster's endpoint is this server's address with the cluster's id as its path.
What it lists is made up of what AWS's Helm chart for HyperPod installs; nothing can be installed here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from hpctl.sandbox.eks.models import cluster_at
from hpctl.sandbox.eks.token import accepted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hpctl.sandbox.eks.cluster import Cluster

_PATH = re.compile(r"/(?P<id>[0-9A-F]{32})(?P<rest>/.*)")
_IN_NAMESPACE = re.compile(r"/apis/apps/v1/namespaces/(?P<namespace>[a-z0-9-]+)/daemonsets")
_METADATA_ALONE = "as=PartialObjectMetadataList"
# The DaemonSets of add-ons, two of which EKS brings without being asked (`bootstrapSelfManagedAddons`), and what the
# chart `hyperpod-dependencies` adds (aws/sagemaker-hyperpod-cli, helm_chart).
_ADDONS = {"vpc-cni": "aws-node", "kube-proxy": "kube-proxy", "eks-pod-identity-agent": "eks-pod-identity-agent"}
_CHART = (
    ("aws-hyperpod", "health-monitoring-agent"),
    ("aws-hyperpod", "health-monitoring-agent-non-nvidia"),
    ("kube-system", "hyperpod-dependencies-aws-efa-k8s-device-plugin"),
    ("kube-system", "hyperpod-dependencies-nvidia-device-plugin"),
    ("kube-system", "neuron-device-plugin-daemonset"),
)
_USUAL_CRDS = ("eniconfigs.crd.k8s.amazonaws.com", "policyendpoints.networking.k8s.aws")
_CHART_CRDS = tuple(f"{kind}.kubeflow.org" for kind in ("mpijobs", "mxjobs", "paddlejobs", "pytorchjobs", "tfjobs"))


class KubernetesApi:
    """The Kubernetes endpoints of an account's EKS clusters, as one WSGI application."""

    def __init__(self, account: str, clock: Callable[[], datetime]) -> None:
        """Serve the clusters of this account; `clock` judges the age of tokens."""
        self._account = account
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        cluster = cluster_at(self._account, found["id"]) if found else None
        if found is None or cluster is None:
            return _failure(404, "NotFound", "the server could not find the requested resource")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not accepted(token, cluster.members["name"], self._account, self._clock()):
            return _failure(401, "Unauthorized", "Unauthorized")
        if request.method == "GET" and (answer := _looked_up(found["rest"], cluster)):
            return answer if isinstance(answer, Response) else _page(request, *answer)
        message = f"{request.method} {found['rest']}: the hpctl sandbox does not have this part of Kubernetes"
        return _failure(501, "NotImplemented", message)


def _looked_up(path: str, cluster: Cluster) -> Response | tuple[str, str, list[dict[str, str]]] | None:
    if path == "/version":
        return _version(cluster.members["version"])
    if path == "/apis/apiextensions.k8s.io/v1/customresourcedefinitions":
        names = sorted((*_USUAL_CRDS, *(_CHART_CRDS if cluster.has_chart else ())))
        return "apiextensions.k8s.io/v1", "CustomResourceDefinition", [{"name": name} for name in names]
    running = (("kube-system", name) for addon, name in _ADDONS.items() if cluster.runs(addon))
    rows = sorted((*running, *(_CHART if cluster.has_chart else ())))
    wanted = _IN_NAMESPACE.fullmatch(path)
    if wanted is None and path != "/apis/apps/v1/daemonsets":
        return None
    metadata = [
        {"namespace": namespace, "name": name}
        for namespace, name in rows
        if wanted is None or wanted["namespace"] == namespace
    ]
    return "apps/v1", "DaemonSet", metadata


def _version(minor: str) -> Response:
    return _json(200, {"major": "1", "minor": minor.partition(".")[2], "gitVersion": f"v{minor}.1-eks-sandbox"})


def _page(request: Request, version: str, kind: str, rows: list[dict[str, str]]) -> Response:
    try:
        start = int(base64.urlsafe_b64decode(request.args.get("continue") or b"MA=="))
        size = int(request.args.get("limit") or 0) or len(rows)
    except ValueError:
        return _failure(400, "BadRequest", "continue key is not valid")
    if _METADATA_ALONE in request.headers.get("Accept", ""):
        version, kind = "meta.k8s.io/v1", "PartialObjectMetadata"
    more = {"continue": base64.urlsafe_b64encode(str(start + size).encode()).decode()}
    return _json(
        200,
        {
            "kind": f"{kind}List",
            "apiVersion": version,
            "metadata": {"resourceVersion": "1", **(more if start + size < len(rows) else {})},
            "items": [{"metadata": row} for row in rows[start : start + size]],
        },
    )


def _failure(code: int, reason: str, message: str) -> Response:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return _json(code, {**status, "message": message, "reason": reason, "code": code})


def _json(code: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), code, content_type="application/json")
