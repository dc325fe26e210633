"""Who may come in and do what: EKS tokens, access entries and policies, and RBAC."""

from __future__ import annotations
