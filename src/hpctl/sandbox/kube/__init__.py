"""The Kubernetes of the sandbox's EKS clusters: an API server, its controllers and a kubelet that runs processes.

Each EKS cluster has one `Api` (what its objects are, and what may become of them). The server speaks it over the wire;
controllers and the kubelet use it directly. All of it lives in one event loop, in a thread of its own.
"""

from __future__ import annotations
