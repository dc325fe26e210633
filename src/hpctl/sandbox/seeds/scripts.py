"""The seed's buckets: lifecycle scripts that work in one, scripts that do not in another."""

from __future__ import annotations

import json

from hpctl.sandbox.seeds.clients import NAME, Clients

_GOOD = b"""#!/bin/bash
set -euo pipefail
mkdir -p /var/log/provision
exec > >(tee -a /var/log/provision/provisioning.log) 2>&1
echo "lifecycle script of $(hostname) started"
echo "lifecycle script finished"
"""
_FAILING = b"""#!/bin/bash
# hpctl-sandbox: exit 3
set -euo pipefail
mkdir -p /var/log/provision
exec > >(tee -a /var/log/provision/provisioning.log) 2>&1
echo "mounting the file system"
echo "mount.lustre: mount fs-0123456789abcdef0 failed: No such file or directory" >&2
exit 3
"""
_PARAMETERS = {
    "version": "1.0.0",
    "workload_manager": "slurm",
    "controller_group": "controller",
    "worker_groups": [{"instance_group_name": "workers", "partition_name": "train"}],
}
_ENTRY = "on_create.sh"


def good_bucket(aws: Clients, account: str) -> str:
    """Make the bucket of scripts that work; returns its name."""
    bucket = f"sagemaker-{NAME}-{account}-{aws.region}"
    keys = {f"{prefix}{_ENTRY}": _GOOD for prefix in ("", "eks/", "slurm/")}
    _make(aws, bucket, keys)
    return bucket


def broken_bucket(aws: Clients, account: str) -> dict[str, str]:
    """Make the bucket of mistakes; returns the S3 URI of each, by the name that `sandbox env` exports."""
    bucket = f"sagemaker-{NAME}-broken-{account}-{aws.region}"
    mistakes = {
        "NO_SCRIPT_S3_URI": {"no-script/README": b"no entry script here\n"},
        "CRLF_SCRIPT_S3_URI": {f"crlf/{_ENTRY}": _GOOD.replace(b"\n", b"\r\n")},
        "FAILING_SCRIPT_S3_URI": {f"failing/{_ENTRY}": _FAILING},
        "BOTH_MODELS_S3_URI": {
            f"both-models/{_ENTRY}": _GOOD,
            "both-models/provisioning_parameters.json": json.dumps(_PARAMETERS, indent=2).encode(),
        },
    }
    _make(aws, bucket, {key: content for files in mistakes.values() for key, content in files.items()})
    return {name: f"s3://{bucket}/{next(iter(files)).partition('/')[0]}" for name, files in mistakes.items()}


def _make(aws: Clients, bucket: str, objects: dict[str, bytes]) -> None:
    # us-east-1 is the one Region that must not be named (S3 API reference, CreateBucket).
    place = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    aws.s3.create_bucket(Bucket=bucket, **place)
    for key, content in objects.items():
        aws.s3.put_object(Bucket=bucket, Key=key, Body=content)
