"""Who schedules the work: an EKS cluster, or Slurm on the nodes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from hpctl.spec.limits import Limits, OrPlaceholder
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
"""Region prefixes of AWS's other partitions (botocore 1.44.5 partitions.json); all others are `aws`."""


class EksOrchestrator(SpecModel):
    """The EKS cluster that nodes join (SageMaker `ClusterOrchestratorEksConfig`).

    An ARN written as `cluster` is kept as `cluster_arn`.
    """

    aws_shape: ClassVar[str] = "ClusterOrchestratorEksConfig"
    exactly_one: ClassVar[tuple[str, ...]] = ("cluster", "cluster_arn")

    cluster: Annotated[
        Annotated[str, StringConstraints(pattern=r"^(?:[0-9A-Za-z][A-Za-z0-9\-_]{0,99}|arn:.*)$"), OrPlaceholder()]
        | None,
        Member(None, "Name of the EKS cluster in the same account and Region (or its ARN)", UpdatePolicy.NEVER),
    ] = None
    cluster_arn: Annotated[
        Annotated[str, Limits("EksClusterArn")] | None,
        Member("ClusterArn", "ARN of the EKS cluster", UpdatePolicy.NEVER),
    ] = None

    @classmethod
    def settled(cls, data: Mapping[str, object]) -> Mapping[str, object]:
        """Keep an ARN that was written as `cluster` where ARNs belong."""
        cluster = data.get("cluster")
        if not isinstance(cluster, str) or not cluster.startswith("arn:") or data.get("cluster_arn") is not None:
            return data
        return {key: value for key, value in data.items() if key != "cluster"} | {"cluster_arn": cluster}

    @property
    def cluster_name(self) -> str:
        """The name by which EKS knows the cluster."""
        return self.cluster or (self.cluster_arn or "").rpartition("/")[2]

    def arn(self, *, account: str | None, region: str | None) -> str | None:
        """Give the cluster's ARN; None while account or Region are unknown and only the name is."""
        if self.cluster_arn or not (account and region):
            return self.cluster_arn
        partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
        return f"arn:{partition}:eks:{region}:{account}:cluster/{self.cluster}"


class AccountingDatabase(SpecModel):
    """An outside database for Slurm accounting (SageMaker `ClusterAccountingDatabase`)."""

    aws_shape: ClassVar[str] = "ClusterAccountingDatabase"

    endpoint: Annotated[
        Annotated[str, Limits("ClusterAccountingDatabaseEndpoint")],
        Member("Endpoint", "Host name of the database", UpdatePolicy.IN_PLACE),
    ]
    port: Annotated[
        Annotated[int, Limits("ClusterAccountingDatabasePort")] | None,
        Member("Port", "TCP port of the database; AWS's default is 3306", UpdatePolicy.IN_PLACE),
    ] = None
    name: Annotated[
        Annotated[str, Limits("ClusterAccountingDatabaseName")] | None,
        Member("Name", "Name of the schema; AWS's default is `slurm_acct_db_<cluster id>`", UpdatePolicy.IN_PLACE),
    ] = None
    secret_arn: Annotated[
        Annotated[str, Limits("ClusterAccountingDatabaseSecretArn")],
        Member("SecretArn", "Secrets Manager secret with the database's credentials", UpdatePolicy.IN_PLACE),
    ]


class SlurmOrchestrator(SpecModel):
    """Slurm, configured through the API (SageMaker `ClusterOrchestratorSlurmConfig`)."""

    aws_shape: ClassVar[str] = "ClusterOrchestratorSlurmConfig"

    slurm_config_strategy: Annotated[
        Annotated[str, Limits("ClusterSlurmConfigStrategy")] | None,
        Member("SlurmConfigStrategy", "What HyperPod does with edits of `slurm.conf`", UpdatePolicy.IN_PLACE),
    ] = None
    accounting_database: Annotated[
        AccountingDatabase | None,
        Member("AccountingDatabase", "A database outside the cluster for Slurm accounting", UpdatePolicy.IN_PLACE),
    ] = None


class Orchestrator(SpecModel):
    """Exactly one of EKS and Slurm (SageMaker `ClusterOrchestrator`)."""

    aws_shape: ClassVar[str] = "ClusterOrchestrator"
    exactly_one: ClassVar[tuple[str, ...]] = ("eks", "slurm")

    eks: Annotated[EksOrchestrator | None, Member("Eks", "The EKS cluster that nodes join", UpdatePolicy.NEVER)] = None
    slurm: Annotated[
        SlurmOrchestrator | None, Member("Slurm", "Slurm on the cluster's own nodes", UpdatePolicy.IN_PLACE)
    ] = None

    @classmethod
    def settled(cls, data: Mapping[str, object]) -> Mapping[str, object]:
        """Read `slurm:` with nothing after it as `slurm: {}`: there is nothing that must follow."""
        bare = data.get("eks") is None and "slurm" in data and data["slurm"] is None
        return {**data, "slurm": {}} if bare else data
