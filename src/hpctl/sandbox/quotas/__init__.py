"""AWS Service Quotas in the sandbox: SageMaker's about HyperPod clusters, and those of a VPC that nodes use up."""
