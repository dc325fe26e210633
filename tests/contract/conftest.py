"""What contract tests of the adapters share: botocore as it is, and every request that can be sent."""

from __future__ import annotations

import botocore.session
import pytest

from tests.contract.aws_answers import service
from tests.contract.aws_calls import use_every_method
from tests.unit.adapters.wire import Sent, connect


@pytest.fixture(scope="module")
def botocore_session() -> botocore.session.Session:
    """botocore as it is installed, without hpctl."""
    return botocore.session.Session()


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    """Every request that the adapters can send."""
    wire = service()
    use_every_method(connect(wire))
    return wire.sent
