"""Reports about instance types and quotas."""

from __future__ import annotations

from hpctl.report.instance import InstanceTypeFacts, InstanceTypeListReport, InstanceTypeReport
from hpctl.report.quota import QuotaFacts, QuotaListReport

P5 = InstanceTypeFacts(
    instance_type="ml.p5.48xlarge",
    architecture="x86_64",
    vcpus=192,
    memory_gib=2048.0,
    threads_per_core=(1, 2),
    accelerator_kind="nvidia",
    accelerator="NVIDIA H100",
    accelerator_count=8,
    accelerator_memory_gib=80.0,
    neuron_cores=None,
    network_gbps=3200.0,
    network_cards=32,
    efa_interfaces=32,
    ipv4_per_interface=50,
    addresses_eks=81,
    addresses_slurm=32,
    max_pods=100,
    local_nvme_gb=30400.0,
    allocatable_cpu=191.38,
    allocatable_memory_gib=None,
    kubernetes_resources={"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 32},
    deep_health_checks=True,
    sources={"vcpus": "EC2 DescribeInstanceTypes", "efa_interfaces": "AWS documentation, EFA-supported types"},
)

C5 = InstanceTypeFacts(
    instance_type="ml.c5.2xlarge",
    architecture="x86_64",
    vcpus=8,
    memory_gib=16.0,
    threads_per_core=(1, 2),
    accelerator_kind="none",
    accelerator=None,
    accelerator_count=0,
    accelerator_memory_gib=None,
    neuron_cores=None,
    network_gbps=None,
    network_cards=1,
    efa_interfaces=0,
    ipv4_per_interface=15,
    addresses_eks=None,
    addresses_slurm=1,
    max_pods=None,
    local_nvme_gb=None,
    allocatable_cpu=None,
    allocatable_memory_gib=None,
    kubernetes_resources={},
    deep_health_checks=False,
    sources={},
)

INSTANCE_TYPES = InstanceTypeListReport(instance_types=(P5, C5))

INSTANCE_TYPE = InstanceTypeReport(instance_type=P5)

QUOTAS = QuotaListReport(
    account="123456789012",
    region="us-west-2",
    quotas=(
        QuotaFacts(
            quota="ml.p5.48xlarge for cluster usage",
            code="L-8762A75F",
            service="sagemaker",
            instance_type="ml.p5.48xlarge",
            limit=4.0,
            used=2,
            needed=4,
            pending=16.0,
            pending_case="1234567890",
            fits=False,
            request="aws service-quotas request-service-quota-increase --service-code sagemaker "
            "--quota-code L-8762A75F --desired-value 6 --region us-west-2",
        ),
        QuotaFacts(
            quota="Total number of instances allowed across SageMaker HyperPod clusters",
            code="L-3308CCC7",
            service="sagemaker",
            limit=30.0,
            used=2,
            needed=4,
            fits=True,
        ),
        QuotaFacts(quota="Network interfaces per Region", code=None, service="vpc", limit=None, used=10, fits=None),
    ),
)
