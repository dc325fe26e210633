"""Amazon EKS in the sandbox: clusters with authentication modes and access entries, over moto's."""
