"""Tasks need what their images would bring, and pods with namespaces."""

from __future__ import annotations

import pytest

from tests.functional.sandbox.kubelet.clusters import require_namespaces


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skip where pods have no network of their own: every task of several nodes wants port 22."""
    require_namespaces()
