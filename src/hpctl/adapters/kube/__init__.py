"""Kubernetes on EKS clusters: HTTPS and JSON, without a client library."""
