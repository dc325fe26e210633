"""The Kubernetes endpoints of the sandbox's EKS clusters: who is let in, and what is shown."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.functional.sandbox.running import Running

GOOD, BARE = "hpctl-sandbox-api", "hpctl-sandbox-no-dependencies"
DAEMON_SETS = "/apis/apps/v1/daemonsets"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def _token(
    aws: Running, cluster: str, *, age: timedelta = timedelta(), key: str | None = None, host: str | None = None
) -> str:
    signer = SigV4QueryAuth(
        Credentials(key or aws.seed["aws_access_key_id"], aws.seed["aws_secret_access_key"]), "sts", aws.state.region
    )
    place = host or f"sts.{aws.state.region}.amazonaws.com"
    date = (datetime.now(UTC) - age).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date[:8]}/{aws.state.region}/sts/aws4_request"
    query = {
        "Action": "GetCallerIdentity",
        "Version": "2011-06-15",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{signer.credentials.access_key}/{scope}",
        "X-Amz-Date": date,
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
    }
    request = AWSRequest("GET", f"https://{place}/?{urlencode(query)}", headers={"x-k8s-aws-id": cluster})
    request.context["timestamp"] = date
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    url = f"{request.url}&X-Amz-Signature={signature}"
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _ask(aws: Running, cluster: str, path: str, token: str | None, method: str = "GET") -> tuple[int, dict[str, Any]]:
    found = aws.client("eks").describe_cluster(name=cluster)["cluster"]
    pem = base64.b64decode(found["certificateAuthority"]["data"]).decode()
    context = ssl.create_default_context(cadata=pem)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(found["endpoint"] + path, headers=headers, method=method)  # noqa: S310 - https
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=45) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def _names(body: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


def test_the_good_cluster_runs_the_chart_and_the_bare_one_does_not(aws: Running) -> None:
    _, good = _ask(aws, GOOD, DAEMON_SETS, _token(aws, GOOD))
    _, bare = _ask(aws, BARE, DAEMON_SETS, _token(aws, BARE))
    assert (good["kind"], good["apiVersion"]) == ("DaemonSetList", "apps/v1")
    assert "health-monitoring-agent" in _names(good)
    assert _names(bare) == ["aws-node", "eks-pod-identity-agent", "kube-proxy"]
    assert "pytorchjobs.kubeflow.org" in _names(_ask(aws, GOOD, CRDS, _token(aws, GOOD))[1])
    assert "pytorchjobs.kubeflow.org" not in _names(_ask(aws, BARE, CRDS, _token(aws, BARE))[1])


def test_one_namespace_is_shown_alone_and_pages_follow_each_other(aws: Running) -> None:
    token = _token(aws, GOOD)
    inside = _ask(aws, GOOD, "/apis/apps/v1/namespaces/aws-hyperpod/daemonsets", token)[1]
    assert {item["metadata"]["namespace"] for item in inside["items"]} == {"aws-hyperpod"}
    whole = _names(_ask(aws, GOOD, DAEMON_SETS, token)[1])
    seen, following = [], ""
    while True:
        query = urlencode({"limit": 3, **({"continue": following} if following else {})})
        body = _ask(aws, GOOD, f"{DAEMON_SETS}?{query}", token)[1]
        assert len(body["items"]) <= 3
        seen += _names(body)
        following = body["metadata"].get("continue", "")
        if not following:
            break
    assert seen == whole


def test_the_version_is_that_of_the_cluster(aws: Running) -> None:
    assert _ask(aws, GOOD, "/version", _token(aws, GOOD))[1]["gitVersion"].startswith("v1.33.")


@pytest.mark.parametrize("path", ["/api/v1/limitranges", "/apis/networking.k8s.io/v1/namespaces/default/ingresses"])
def test_what_every_kubernetes_has_and_the_sandbox_has_not_is_told_so(aws: Running, path: str) -> None:
    code, body = _ask(aws, GOOD, path, _token(aws, GOOD))
    assert (code, body["kind"], body["status"], body["code"]) == (501, "Status", "Failure", 501)
    assert body["message"] == f"GET {path}: the hpctl sandbox does not have this part of Kubernetes"


@pytest.mark.parametrize("path", ["/api/v1/nothings", "/apis/nobody.example.com/v1", "/nowhere"])
def test_what_no_kubernetes_has_is_not_found(aws: Running, path: str) -> None:
    code, body = _ask(aws, GOOD, path, _token(aws, GOOD))
    assert (code, body["message"]) == (404, "the server could not find the requested resource")


def test_who_cannot_say_who_they_are_is_not_let_in(aws: Running) -> None:
    good = _token(aws, GOOD)
    forged = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    strangers: dict[str, str | None] = {
        "no token": None,
        "no form": "Bearer",
        "another form": good.replace("k8s-aws-v1.", "k8s-aws-v2."),
        "no base64": "k8s-aws-v1.%%%",
        "no text": "k8s-aws-v1._____w",
        "forged": forged,
        "for another cluster": _token(aws, BARE),
        "too old": _token(aws, GOOD, age=timedelta(minutes=16)),
        "of the future": _token(aws, GOOD, age=-timedelta(minutes=6)),
        "of nobody": _token(aws, GOOD, key="AKIANOBODY0000000000"),
        "for another host": _token(aws, GOOD, host="sts.example.com"),
    }
    answers = {case: _ask(aws, GOOD, DAEMON_SETS, token) for case, token in strangers.items()}
    assert {case: code for case, (code, _) in answers.items()} == dict.fromkeys(strangers, 401)
    assert answers["too old"][1]["reason"] == "Unauthorized"
    assert _ask(aws, GOOD, DAEMON_SETS, _token(aws, GOOD, age=timedelta(minutes=14)))[0] == 200
