"""Use cases of jobs on EKS clusters: submit, look, wait, cancel, execute."""
