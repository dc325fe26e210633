"""The service models and endpoints that hpctl cuts lead to the same requests, answers and places as the whole ones."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from hpctl.adapters.aws import models
from tests.contract.aws_answers import service
from tests.contract.aws_calls import use_every_method
from tests.unit.adapters.wire import connect


def test_cut_and_whole_models_send_the_same_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen = [traffic(models.TrimmedLoader), traffic(models.TrimmedLoader)]  # the first makes the files
    monkeypatch.setattr(models, "prefer", lambda session: None)
    assert seen == [traffic(Loader)] * 2


def traffic(loader: type[Loader]) -> tuple[list[str], dict[str, object]]:
    """Everything on the wire but what differs from one moment to the next, and what was made of the answers."""
    wire = service()
    session = connect(wire)
    assert type(session._botocore.get_component("data_loader")) is loader
    answers = use_every_method(session)
    momentary = {"X-Amz-Date", "Authorization", "amz-sdk-invocation-id"}
    return sorted(
        json.dumps(
            [one.method, one.url, one.body.decode(), {k: v for k, v in one.headers.items() if k not in momentary}]
        )
        for one in wire.sent
    ), answers


LOGINS = ("sts", "portal.sso", "oidc", "signin")


def test_cut_endpoints_lead_to_the_same_places(tmp_path: Path, botocore_session: botocore.session.Session) -> None:
    whole_data = botocore_session.get_component("data_loader").load_data("endpoints")
    whole = EndpointResolver(whole_data)
    cut = EndpointResolver(models.TrimmedLoader(tmp_path).load_data("endpoints"))
    regions = [region for partition in whole_data["partitions"] for region in partition["regions"]]
    assert len(regions) > 30
    for region in [*regions, "xx-new-1", "us-new-9"]:
        for host in ("api.sagemaker", "ec2", "eks", "iam", "kms", "s3", "servicequotas", "ssm", *LOGINS):
            assert cut.construct_endpoint(host, region) == whole.construct_endpoint(host, region), (host, region)


IAM = {
    "eu-west-1": "https://iam.amazonaws.com",
    "cn-north-1": "https://iam.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "https://iam.us-gov.amazonaws.com",
}
"""IAM has one endpoint a partition (IAM endpoints, AWS General Reference)."""


@pytest.mark.parametrize("region", IAM)
def test_every_service_finds_its_address_in_every_partition(region: str) -> None:
    session = connect(service(), region=region)
    urls = {name: session._client(name).meta.endpoint_url for name in models.OPERATIONS}
    assert urls.pop("iam") == IAM[region]
    assert all(region in url for url in urls.values()), urls
