"""Nothing that goes wrong on the way to AWS is taken for an answer, or is a bug."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from botocore.exceptions import ConnectionClosedError

from hpctl.errors import AccessError, HpctlError, RefusedError, UnavailableError
from tests.contract.aws_calls import CALLS
from tests.unit.adapters.wire import Reply, Wire, connect, error

PAGE = b"<!doctype html><html><body>Please log in</body></html>"

MISHAPS: Mapping[str, Reply | Exception] = {
    "a portal's page": Reply(200, PAGE, {"content-type": "text/html"}),
    "a portal's refusal": Reply(403, PAGE, {"content-type": "text/html"}),
    "a broken proxy": Reply(502, PAGE, {"content-type": "text/html"}),
    "an empty refusal": Reply(403, b"", {}),
    "bytes": Reply(200, b"\xff\xfe\x00", {}),
    "a list": Reply(200, b"[]", {"content-type": "application/json"}),
    "a cut answer": Reply(200, b"{}", {"content-length": "500"}),
    "a denial": error("AccessDenied", "no", 403),
    "a storm": error("ThrottlingException", "slow down", 400),
    "an end of the line": ConnectionClosedError(endpoint_url="https://x"),
}

CONTENT = frozenset({"a portal's page", "bytes", "a list"})
"""Mishaps that look like the content of an object: only its checksum, which old objects lack, could tell."""


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("method", CALLS)
def test_nothing_that_goes_wrong_is_an_answer_or_a_bug(
    method: str, mishap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    session = connect(Wire(MISHAPS[mishap]))
    if method == "Storage.read" and mishap in CONTENT:
        assert CALLS[method](session)
        return
    with pytest.raises(HpctlError) as caught:
        CALLS[method](session)
    assert isinstance(caught.value, (AccessError, RefusedError, UnavailableError)), caught.value.message
