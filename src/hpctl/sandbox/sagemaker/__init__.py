"""SageMaker HyperPod in the sandbox: clusters that live a real life on a faster clock."""
