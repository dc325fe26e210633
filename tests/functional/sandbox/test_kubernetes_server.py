"""The Kubernetes server of a sandbox as a process: what survives it, and what does not outlive its EKS cluster."""

from __future__ import annotations

import json
import os
import signal
import ssl
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox import control
from tests.functional.sandbox.running import Running, start, until
from tests.functional.sandbox.test_kubernetes import GOOD, _token

SECRETS = "/api/v1/namespaces/default/secrets"
_ANSWERS_WITHIN_S = 45


@pytest.fixture
def own(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a sandbox that a test may kill."""
    environ = {"HPCTL_SANDBOX_HOME": str(tmp_path)}
    yield environ
    control.down("own", delete=True, environ=environ)


def _endpoint(aws: Running, name: str = GOOD) -> tuple[str, ssl.SSLContext]:
    found = aws.client("eks").describe_cluster(name=name)["cluster"]
    context = ssl.create_default_context(cadata=b64decode(found["certificateAuthority"]["data"]).decode())
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return found["endpoint"], context


def _ask(
    aws: Running, path: str, body: Any = None, *, method: str | None = None, name: str = GOOD, **headers: str
) -> tuple[int, Any]:
    endpoint, context = _endpoint(aws, name)
    return _answer(endpoint + path, context, body, method, {"Authorization": f"Bearer {_token(aws, name)}", **headers})


def _answer(
    url: str, context: ssl.SSLContext, body: Any, method: str | None, headers: dict[str, str]
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data, {**sent, **headers}, method=method)  # noqa: S310 - https
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=_ANSWERS_WITHIN_S) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def _secret(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "stringData": {"a": "b"}}


def test_what_was_answered_survives_a_kill_and_the_address_does_too(own: dict[str, str]) -> None:
    first = start(own, "own", 0.8)
    endpoint, _ = _endpoint(first)
    made = [_ask(first, SECRETS, _secret(name))[1] for name in ("kept", "gone")]
    _ask(first, f"{SECRETS}/gone", method="DELETE")
    version = _ask(first, SECRETS)[1]["metadata"]["resourceVersion"]
    os.kill(first.state.pid, signal.SIGKILL)
    until(lambda: control.status("own", environ=own).pid, lambda pid: pid is None)
    again = start(own, "own")
    assert _endpoint(again)[0] == endpoint
    code, kept = _ask(again, f"{SECRETS}/kept")
    assert (code, kept) == (200, made[0])
    assert _ask(again, f"{SECRETS}/gone")[0] == 404
    new = _ask(again, SECRETS, _secret("new"))[1]
    assert int(new["metadata"]["resourceVersion"]) > int(version)
    told = _ask(again, f"{SECRETS}?watch=1&resourceVersion={made[0]['metadata']['resourceVersion']}")[1]
    assert (told["type"], told["object"]["code"]) == ("ERROR", 410)


def test_a_sandbox_stops_at_once_though_somebody_watches(own: dict[str, str]) -> None:
    aws = start(own, "own", 0.8)
    endpoint, context = _endpoint(aws)
    headers = {"Authorization": f"Bearer {_token(aws, GOOD)}"}
    request = urllib.request.Request(f"{endpoint}{SECRETS}?watch=1", headers=headers)  # noqa: S310 - https
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(request, timeout=_ANSWERS_WITHIN_S):
        began = time.monotonic()
        control.down("own", environ=own)
        assert time.monotonic() - began < control.STOP_TIMEOUT_S


def test_a_cluster_goes_with_its_eks_cluster_and_its_name_begins_anew(own: dict[str, str]) -> None:
    aws = start(own, "own", 0.1)
    eks = aws.client("eks")
    wish = eks.describe_cluster(name=GOOD)["cluster"]
    members: dict[str, Any] = {
        "name": "short-lived",
        "roleArn": wish["roleArn"],
        "resourcesVpcConfig": {"subnetIds": wish["resourcesVpcConfig"]["subnetIds"]},
        "accessConfig": {"authenticationMode": "API"},
    }
    eks.create_cluster(**members)
    endpoint, context = _endpoint(aws, "short-lived")
    assert _ask(aws, SECRETS, _secret("mine"), name="short-lived")[0] == 201
    token = _token(aws, "short-lived")
    folder = Path(aws.state.home) / "kubernetes"
    file = folder / f"{endpoint.rpartition('/')[2]}.sqlite3"
    assert file.exists()
    eks.delete_cluster(name="short-lived")
    code, _ = _answer(endpoint + SECRETS, context, None, None, {"Authorization": f"Bearer {token}"})
    assert code == 404
    until(file.exists, lambda there: not there)
    eks.create_cluster(**members)
    assert _endpoint(aws, "short-lived")[0] != endpoint
    assert _ask(aws, SECRETS, name="short-lived")[1]["items"] == []


def test_anybody_may_ask_whether_it_is_alive_and_nothing_else(aws: Running) -> None:
    endpoint, context = _endpoint(aws)
    assert [_answer(f"{endpoint}/{path}", context, None, None, {})[0] for path in ("healthz", "livez", "readyz")] == [
        200
    ] * 3
    assert _answer(f"{endpoint}/version", context, None, None, {})[0] == 401


def test_who_may_not_impersonate_is_told_so_and_an_administrator_may(aws: Running) -> None:
    code, body = _ask(aws, SECRETS, **{"Impersonate-User": "nobody"})
    assert code == 403
    told = (
        'secrets is forbidden: User "nobody" cannot list resource "secrets" in API group "" in the namespace "default"'
    )
    assert body["message"] == told
    code, body = _ask(aws, SECRETS, **{"Impersonate-User": "admin", "Impersonate-Group": "system:masters"})
    assert code == 200


def test_a_body_of_more_than_three_mebibytes_is_refused(aws: Running) -> None:
    code, body = _ask(aws, SECRETS, {"metadata": {"name": "big"}, "data": {"a": "A" * 3_200_000}})
    assert (code, body["reason"]) == (413, "RequestEntityTooLarge")
