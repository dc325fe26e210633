"""What AWS says, as the known failures have it."""

from __future__ import annotations

EFA = (
    "EFA health checks did not run successfully. Ensure that your VPC and security groups are properly configured "
    "before attempting to create a new cluster."
)
EFA_CAUSE = (
    "the nodes cannot reach each other over EFA: a security group does not admit its own members on every protocol, "
    "in and out (a rule for 0.0.0.0/0 does not count), or an EFA group spans Availability Zones"
)
CAPACITY = "We currently do not have sufficient capacity to launch new ml.p5.48xlarge instances. Please try again."
ZONE_CAPACITY = "We currently do not have sufficient capacity in the Availability Zone you requested"
CONFIG_MAP = "EKS clusters with CONFIG_MAP authentication mode are not supported"
NOISE = "2 node(s) lost orchestration-ready status. Current: 0/2 orchestration-ready across 1 instance group(s)."
STRANGE = "something that nobody has seen before"
