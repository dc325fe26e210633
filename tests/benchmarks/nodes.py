"""How long a command on fifty nodes takes, beside what the account's limit on sessions allows.

AWS starts three sessions a second in an account, whoever asks for them.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping

NODES = 50
A_SECOND = 3
ALLOWED_S = NODES / A_SECOND
LIMIT = 1.2
CLUSTER = "fifty"
READY_WITHIN_S = 120.0


def measure(hpctl: str, aws: str, environment: Mapping[str, str]) -> float:
    """Return the seconds of `hpctl node exec --all`, from its start to its end."""
    _create(aws, environment)
    line = [hpctl, "node", "exec", "--all", "--cluster", CLUSTER, "--", "true"]
    begun = time.monotonic()
    subprocess.run(line, env=dict(environment), stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begun


def report(took_s: float) -> Iterator[str]:
    """Yield the table."""
    yield f"{f'a command on {NODES} nodes':<36}{'seconds':>10}{'allowed':>10}{'ratio':>8}"
    yield f"{'hpctl node exec --all':<36}{took_s:>10.1f}{ALLOWED_S:>10.1f}{took_s / ALLOWED_S:>8.2f}"


def met(took_s: float) -> bool:
    """Tell whether it took at most a fifth longer than the limit allows."""
    return took_s <= LIMIT * ALLOWED_S


def _create(aws: str, environment: Mapping[str, str]) -> None:
    group = {
        "InstanceGroupName": "workers",
        "InstanceType": "ml.c5.large",
        "InstanceCount": NODES,
        "ExecutionRole": environment["EXECUTION_ROLE"],
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{environment['BUCKET_NAME']}/", "OnCreate": "on_create.sh"},
    }
    request = json.dumps({"ClusterName": CLUSTER, "InstanceGroups": [group]})
    _run(aws, environment, "create-cluster", "--cli-input-json", request)
    deadline = time.monotonic() + READY_WITHIN_S
    while _run(aws, environment, "list-cluster-nodes", "--cluster-name", CLUSTER).count('"Running"') < NODES:
        if time.monotonic() > deadline:
            message = f"{NODES} nodes did not run within {READY_WITHIN_S:.0f} s"
            raise TimeoutError(message)
        time.sleep(1)


def _run(aws: str, environment: Mapping[str, str], *words: str) -> str:
    line = [aws, "sagemaker", *words, "--output", "json"]
    return subprocess.run(line, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True).stdout
