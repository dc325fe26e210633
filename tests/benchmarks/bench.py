"""What hpctl costs to start and to ask, beside the AWS CLI, and how fast logs come, beside kubectl: `make bench`.

And how long `hpctl doctor` asks, beside the calls that cannot be made at the same time, how long a command on fifty
nodes takes, beside what AWS allows, and what `hpctl gpus` takes on a cluster of 1,000 nodes.

Both ask the same sandbox about the same cluster. The exit status is 1 when a target is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import doctor, gpus, logs, nodes
from tests.benchmarks.measure import Command, Target, measure, medians, table

HPCTL = str(Path(sys.executable).with_name("hpctl"))
AWS = os.environ.get("HPCTL_TEST_AWS", str(Path(__file__).resolve().parents[2] / ".venv-aws" / "bin" / "aws"))
SANDBOX = "bench"
CLUSTER = "bench"
READY_WITHIN_S = 60.0
TARGETS = (
    Target("hpctl --version", 0.15),
    Target("hpctl --help", 0.30),
    Target("hpctl check-model", 0.40),
    Target("hpctl cluster describe", 1.0, yardstick="aws describe-cluster"),
    Target("hpctl eks-token", 0.75, yardstick="aws eks get-token"),
)
QWEN3_8B = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "hidden_size": 4096,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 12288,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": False,
}
UNFAIR = {"PYTHONDONTWRITEBYTECODE"}
"""Without compiled bytecode both sides would be measured compiling themselves, run after run."""
PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


def run(*argv: str, environment: Mapping[str, str]) -> str:
    """Return what a command printed; what it said on stderr stays visible."""
    return subprocess.run(argv, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True).stdout


@contextmanager
def sandbox(home: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a sandbox of its own, which is gone afterwards."""
    own = {name: value for name, value in os.environ.items() if name not in UNFAIR}
    own["HPCTL_SANDBOX_HOME"] = str(home)
    run(HPCTL, "sandbox", "up", "--name", SANDBOX, "--pace", "0.5", environment=own)
    try:
        inside = run(
            HPCTL, "sandbox", "run", "--name", SANDBOX, "--", sys.executable, "-c", PRINT_ENVIRONMENT, environment=own
        )
        yield json.loads(inside)
    finally:
        run(HPCTL, "sandbox", "down", "--name", SANDBOX, "--delete", environment=own)


def create_cluster(environment: Mapping[str, str]) -> None:
    """Create the cluster that both sides describe, with the AWS CLI, and wait until it is in service."""
    group = {
        "InstanceGroupName": "workers",
        "InstanceType": "ml.c5.xlarge",
        "InstanceCount": 2,
        "ExecutionRole": environment["EXECUTION_ROLE"],
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{environment['BUCKET_NAME']}/", "OnCreate": "on_create.sh"},
    }
    request = json.dumps({"ClusterName": CLUSTER, "InstanceGroups": [group]})
    run(AWS, "sagemaker", "create-cluster", "--cli-input-json", request, environment=environment)
    deadline = time.monotonic() + READY_WITHIN_S
    while "InService" not in run(
        AWS, "sagemaker", "describe-cluster", "--cluster-name", CLUSTER, environment=environment
    ):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the cluster was not in service within {READY_WITHIN_S:.0f} s")
        time.sleep(0.5)


def a_model(home: Path) -> Path:
    """Write the configuration of Qwen3-8B into a folder of its own, as somebody has it who trains."""
    folder = home / "Qwen3-8B"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(QWEN3_8B))
    return folder


def commands(environment: Mapping[str, str], model: Path) -> tuple[Command, ...]:
    """Return what is measured; each line is what a person would type."""
    token = ("--cluster-name", environment["EKS_CLUSTER_NAME"], "--region", environment["AWS_REGION"])
    lines = {
        "aws --version": (AWS, "--version"),
        "hpctl --version": (HPCTL, "--version"),
        "hpctl --help": (HPCTL, "--help"),
        "hpctl check-model": (HPCTL, "check-model", str(model)),
        "aws describe-cluster": (AWS, "sagemaker", "describe-cluster", "--cluster-name", CLUSTER),
        "hpctl cluster describe": (HPCTL, "cluster", "describe", CLUSTER, "-o", "json"),
        "aws eks get-token": (AWS, "eks", "get-token", *token),
        "hpctl eks-token": (HPCTL, "eks-token", *token),
    }
    return tuple(Command(name, argv, environment) for name, argv in lines.items())


def main() -> int:
    """Measure, print the table, and return the exit status."""
    with tempfile.TemporaryDirectory(prefix="hpctl-bench-") as home, sandbox(Path(home)) as environment:
        create_cluster(environment)
        samples = measure(commands(environment, a_model(Path(home))))
        spans = doctor.measure(HPCTL, Path(home), environment)
        fan_out_s = nodes.measure(HPCTL, AWS, environment)
    print(*table(samples, TARGETS, yardstick="aws --version"), sep="\n")
    print("", *doctor.report(spans), sep="\n")
    print("", *nodes.report(fan_out_s), sep="\n")
    rates = logs.measure()
    print("", *logs.report(rates), sep="\n")
    taken = gpus.measure()
    print("", *gpus.report(taken), sep="\n")
    commands_met = all(target.met(medians(samples)) for target in TARGETS)
    others_met = doctor.met(spans) and nodes.met(fan_out_s) and logs.met(rates) and gpus.met(taken)
    return 0 if commands_met and others_met else 1


if __name__ == "__main__":
    sys.exit(main())
