"""boto3 clients of the sandbox, and the small forms that seeds are written in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "hpctl-sandbox"
_NOBODY = {"aws_access_key_id": "HPCTLSANDBOXSEED0000", "aws_secret_access_key": "none"}


class Clients:
    """Clients by service, made when they are first used; without keys of somebody they are nobody's."""

    def __init__(self, endpoint: str, region: str, keys: Mapping[str, str] | None = None) -> None:
        """Aim at a sandbox."""
        self.region = region
        given = keys or _NOBODY
        self._session = boto3.Session(given["aws_access_key_id"], given["aws_secret_access_key"], region_name=region)
        self._endpoint = endpoint

    def __getattr__(self, service: str) -> Any:
        """Make the client of a service."""
        client = self._session.client(
            service, endpoint_url=self._endpoint, config=Config(retries={"total_max_attempts": 1})
        )  # type: ignore[call-overload]
        setattr(self, service, client)
        return client


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy document of statements that allow."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


def named(kind: str, name: str) -> list[dict[str, Any]]:
    """Return the tag specifications that give a thing its name."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]
