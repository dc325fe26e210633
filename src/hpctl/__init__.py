"""hpctl: Amazon SageMaker HyperPod clusters, from a spec file to a running job."""

__version__ = "0.1.0"
