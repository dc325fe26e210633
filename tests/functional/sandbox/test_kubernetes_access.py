"""Who is let into an EKS cluster of the sandbox: sessions of roles, creators, aws-auth, and how far policies reach."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from botocore.credentials import Credentials

from tests.contract.kubernetes.eks import token
from tests.functional.sandbox.running import Running, until

GOOD = "hpctl-sandbox-api"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def _ask(
    aws: Running, cluster: str, bearer: str, path: str, body: Any = None, method: str | None = None
) -> tuple[int, dict[str, Any]]:
    found = aws.client("eks").describe_cluster(name=cluster)["cluster"]
    pem = base64.b64decode(found["certificateAuthority"]["data"]).decode()
    context = ssl.create_default_context(cadata=pem)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    request = urllib.request.Request(found["endpoint"] + path, data, headers, method=method)  # noqa: S310 - https
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=45) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.fixture
def role(aws: Running) -> Iterator[str]:
    iam = aws.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    yield iam.create_role(Path="/teams/", RoleName="dev", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.delete_role(RoleName="dev")


def _session(aws: Running, role: str) -> Credentials:
    given = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ann@x")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_a_session_comes_in_by_its_roles_entry_and_may_do_what_its_policy_says(aws: Running, role: str) -> None:
    eks, bearer = aws.client("eks"), token(aws, keys=_session(aws, role))
    assert _ask(aws, GOOD, bearer, "/api/v1/namespaces/default/pods")[0] == 401
    who = {"clusterName": GOOD, "principalArn": role}
    made = eks.create_access_entry(**who)["accessEntry"]
    assert made["username"] == "arn:aws:sts::123456789012:assumed-role/dev/{{SessionName}}"
    code, refusal = _ask(aws, GOOD, bearer, "/api/v1/namespaces/default/pods")
    name = "arn:aws:sts::123456789012:assumed-role/dev/ann-x"
    assert (code, refusal["message"]) == (
        403,
        f'pods is forbidden: User "{name}" cannot list resource "pods" in API group "" in the namespace "default"',
    )
    scope = {"type": "namespace", "namespaces": ["def*"]}
    eks.associate_access_policy(**who, policyArn=f"{POLICY}AmazonEKSViewPolicy", accessScope=scope)
    assert _ask(aws, GOOD, bearer, "/api/v1/namespaces/default/pods")[0] == 200
    assert _ask(aws, GOOD, bearer, "/api/v1/namespaces/default/secrets")[0] == 403
    assert _ask(aws, GOOD, bearer, "/api/v1/namespaces/kube-system/pods")[0] == 403
    eks.delete_access_entry(**who)
    assert _ask(aws, GOOD, bearer, "/version")[0] == 401


def test_who_creates_a_cluster_is_its_administrator_unless_told_otherwise(aws: Running) -> None:
    eks, arn = aws.client("eks"), "arn:aws:iam::123456789012:user/hpctl-sandbox"
    network = {"subnetIds": [aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"]]}
    role = "arn:aws:iam::123456789012:role/hpctl-sandbox-eks"
    for name, access, codes in (
        ("own", {"authenticationMode": "API"}, (200, [arn])),
        ("not-own", {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}, (401, [])),
    ):
        eks.create_cluster(name=name, roleArn=role, resourcesVpcConfig=network, accessConfig=access)
        until(partial(eks.describe_cluster, name=name), lambda told: told["cluster"]["status"] == "ACTIVE")
        code = _ask(aws, name, token(aws, name), "/api/v1/nodes")[0]
        assert (code, eks.list_access_entries(clusterName=name)["accessEntries"]) == codes
        eks.delete_cluster(name=name)


def test_aws_auth_lets_in_where_the_mode_has_it(aws: Running, role: str) -> None:
    bearer = token(aws, keys=_session(aws, role))
    rows = f"- rolearn: {role.replace('/teams', '')}\n  username: dev\n  groups: [system:masters]\n"
    config = {"metadata": {"name": "aws-auth"}, "data": {"mapRoles": rows}}
    place = "/api/v1/namespaces/kube-system/configmaps"
    assert _ask(aws, GOOD, bearer, "/api/v1/nodes")[0] == 401
    assert _ask(aws, GOOD, token(aws), place, config)[0] == 201
    assert _ask(aws, GOOD, bearer, "/api/v1/nodes")[0] == 200
    assert _ask(aws, GOOD, token(aws), f"{place}/aws-auth", method="DELETE")[0] == 200
    assert _ask(aws, GOOD, bearer, "/api/v1/nodes")[0] == 401
