"""Every command that the skill for coding agents names does its work, in the order in which it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import Shell
from tests.docs.pages import Page
from tests.docs.test_console import environment
from tests.functional.slurm.ready import require_slurm

GROUP = """
    execution_role: $EXECUTION_ROLE
    lifecycle: { source_s3_uri: "s3://$BUCKET_NAME", on_create: on_create.sh }"""
HEAD = """\
api_version: hpctl/v1
kind: Cluster
name: my-cluster
network: { security_group_ids: [$SECURITY_GROUP], subnet_ids: [$SUBNET_ID] }
node_provisioning: Continuous
"""
EKS = f"""{HEAD}orchestrator: {{ eks: {{ cluster_arn: $EKS_CLUSTER_ARN }} }}
instance_groups:
  - {{ name: workers, type: ml.p5.48xlarge, count: 1, threads_per_core: 2, execution_role: $EXECUTION_ROLE,
      lifecycle: {{ source_s3_uri: "s3://$BUCKET_NAME", on_create: on_create.sh }} }}
"""
SLURM = f"""{HEAD}orchestrator: {{ slurm: {{ slurm_config_strategy: Merge }} }}
instance_groups:
  - name: controller
    type: ml.m5.2xlarge
    count: 1
    slurm: {{ node_type: Controller }}{GROUP}
  - name: workers
    type: ml.c5.2xlarge
    count: 1
    slurm: {{ node_type: Compute, partition_names: [train] }}{GROUP}
"""
JOB = """\
api_version: hpctl/v1
kind: Job
name: my-job
run: echo trained
"""
SCRIPT = "#!/bin/bash\n#SBATCH --job-name=my-job\necho trained\n"
FILES = {
    "Workflow: a cluster on Amazon EKS, and a job": {"cluster.yaml": EKS, "train.yaml": JOB},
    "Workflow: a cluster on Slurm, and a job": {"cluster.yaml": SLURM, "train.sbatch": SCRIPT},
}
"""What a person would have brought to each workflow."""


@pytest.mark.functional
@pytest.mark.slow
@pytest.mark.timeout(300)  # a sandbox of its own, and a cluster of each orchestrator
@pytest.mark.scorecard(65)
def test_every_command_of_the_skill_works(tmp_path: Path) -> None:
    require_slurm()
    with Shell(tmp_path, environment()) as shell:
        code, said = shell.run('hpctl sandbox up --pace 0.5 && eval "$(hpctl sandbox env)" && hpctl skill install .')
        assert code == 0, said
        for section in _skill(shell).split("\n## "):
            for name, text in FILES.get(section.partition("\n")[0], {}).items():
                (shell.place / name).write_text(text, encoding="utf-8")
            for line in _commands(section):
                code, said = shell.run(line)
                assert code == 0, f"$ {line}\n{said}"


def _skill(shell: Shell) -> str:
    return (shell.place / "SKILL.md").read_text(encoding="utf-8")


def _commands(text: str) -> list[str]:
    fences = [fence for fence in Page("SKILL.md", text).fences if fence.language == "sh"]
    return [line for fence in fences for line in fence.text.splitlines()]
