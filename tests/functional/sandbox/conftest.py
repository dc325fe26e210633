"""One sandbox for all tests of a process that do not stop theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.sandbox.running import Running, sandbox


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="session")
def sagemaker(aws: Running) -> Any:
    return aws.client("sagemaker")
