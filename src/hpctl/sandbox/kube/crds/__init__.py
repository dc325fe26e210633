"""The custom resource definitions that the sandbox's clusters have, written anew and kept small."""

from __future__ import annotations
