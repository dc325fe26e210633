"""What hpctl changes around a cluster: the port `facts.change_ports.Changes`.

Names of operations are those of the AWS CLI, requests those of botocore 1.44.5's service models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import ConflictError, NotFoundError, RefusedError
from hpctl.facts.change_ports import Owned

_OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "associate-access-policy": ("eks", "AssociateAccessPolicy"),
    "authorize-security-group-egress": ("ec2", "AuthorizeSecurityGroupEgress"),
    "authorize-security-group-ingress": ("ec2", "AuthorizeSecurityGroupIngress"),
    "create-access-entry": ("eks", "CreateAccessEntry"),
    "modify-vpc-attribute": ("ec2", "ModifyVpcAttribute"),
    "modify-vpc-endpoint": ("ec2", "ModifyVpcEndpoint"),
    "put-object": ("s3", "PutObject"),
    "put-role-policy": ("iam", "PutRolePolicy"),
    "update-cluster-config": ("eks", "UpdateClusterConfig"),
}
"""The only changes that are made."""

_SO_ALREADY: Final = frozenset({"InvalidPermission.Duplicate", "RouteAlreadyExists"})
"""Codes by which EC2 refuses what is there (Amazon EC2 API Reference, `Error codes`)."""

_STACK: Final = "aws:cloudformation:stack-name"
_LARGEST: Final = 1024 * 1024


class AwsChanges:
    """Makes changes of the kinds that it knows, and no others."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def make(self, verb: str, request: Mapping[str, object], content: bytes | None = None) -> None:
        """Make a change; what is so already is left so, be it by an earlier try whose answer was lost."""
        service, operation = _OPERATIONS[verb]
        body = {} if content is None else {"Body": content}
        try:
            self._session.call(service, operation, **request, **body)
        except RefusedError as error:
            if error.aws_code not in _SO_ALREADY:
                raise
        except ConflictError as error:
            if verb == "put-object":
                self._demand_stored(request, content, error)
            elif not self._is_so(verb, request):
                raise

    def stack_of(self, kind: Owned, name: str) -> str | None:
        """Return the CloudFormation stack that a resource's tags name, None without such a tag."""
        match kind:
            case Owned.EC2:
                wanted = [{"Name": "resource-id", "Values": [name]}, {"Name": "key", "Values": [_STACK]}]
                rows = self._session.pages("ec2", "DescribeTags", "Tags", Filters=wanted)
                return next(map(value_of, rows), None)
            case Owned.ROLE:
                rows = self._session.pages("iam", "ListRoleTags", "Tags", RoleName=name)
                return next((str(row["Value"]) for row in rows if row["Key"] == _STACK), None)
            case Owned.EKS:
                return eks_tags_of(self._session.call("eks", "DescribeCluster", name=name)).get(_STACK)

    def has_role_policy(self, role: str, policy: str) -> bool:
        """Whether a role has an inline policy of that name."""
        try:
            self._session.call("iam", "GetRolePolicy", RoleName=role, PolicyName=policy)
        except NotFoundError:
            return False
        return True

    def _demand_stored(self, request: Mapping[str, Any], content: bytes | None, error: ConflictError) -> None:
        where = {"Bucket": request["Bucket"], "Key": request["Key"]}
        if self._session.content("s3", "GetObject", limit=_LARGEST, **where) != content:
            uri = f"s3://{request['Bucket']}/{request['Key']}"
            message = f"`{uri}` is not what it was a moment ago; it was left as it is"
            raise ConflictError(message, hint="run the same command again to look anew") from error

    def _is_so(self, verb: str, request: Mapping[str, Any]) -> bool:
        """Whether a conflict is with the very thing that was to be made: EKS calls an entry that is there in use."""
        if verb != "create-access-entry":
            return False
        where = {"clusterName": request["clusterName"], "principalArn": request["principalArn"]}
        try:
            self._session.call("eks", "DescribeAccessEntry", **where)
        except NotFoundError:
            return False
        return True


@reads("ec2:DescribeTags")
def value_of(row: Mapping[str, Any]) -> str:
    """Read the value of one tag of DescribeTags."""
    return str(row["Value"])


@reads("eks:DescribeCluster")
def eks_tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Read the tags of an EKS cluster."""
    tags: dict[str, str] = answer["cluster"].get("tags", {})
    return tags
