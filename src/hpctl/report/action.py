"""What a plan does to AWS, call by call."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final, Literal, get_args

from pydantic import Field

from hpctl.report.base import Part

FixVerb = Literal[
    "associate-access-policy",
    "authorize-security-group-egress",
    "authorize-security-group-ingress",
    "create-access-entry",
    "modify-vpc-attribute",
    "modify-vpc-endpoint",
    "put-object",
    "put-role-policy",
    "update-cluster-config",
]
"""Changes around a cluster that `doctor --fix` makes, in the words of the AWS CLI."""

Verb = Literal["create", "update", "update-software", "tag", "untag", "delete", "reboot", "replace"] | FixVerb

FIX_VERBS: Final[tuple[FixVerb, ...]] = get_args(FixVerb)


class Action(Part):
    """One call that changes something at AWS: `request` is sent exactly as it stands here.

    `does` says it in words where the verb is none that everybody knows. `content` is the body of an object that is
    stored; reports leave it out, the request has its checksum.
    """

    verb: Verb
    subject: str
    request: dict[str, Any]
    does: str | None = None
    content: bytes | None = Field(default=None, exclude=True, repr=False)


class Upload(Part):
    """Lifecycle scripts that a folder in S3 lacks: planning makes an action of each file that is there locally.

    `runs` names the missing scripts that nodes run. They are stored last: until then they are missing, whatever ends
    the command.
    """

    bucket: str
    prefix: str
    runs: tuple[str, ...]


Fix = Action | Upload
"""What a finding may carry: how hpctl itself would mend what was found."""


def storing(bucket: str, key: str, content: bytes, *, does: str, **conditions: str) -> Action:
    """Return what stores an object on these conditions: `IfNoneMatch`, or `IfMatch` with the ETag that is replaced."""
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Action(
        verb="put-object",
        subject=f"object/s3://{bucket}/{key}",
        request={"Bucket": bucket, "Key": key, "ChecksumSHA256": checksum, **conditions},
        does=does,
        content=content,
    )
