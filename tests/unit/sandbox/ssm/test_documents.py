from __future__ import annotations

import pytest

from hpctl.sandbox.ssm.documents import SsmError, document


def test_a_document_is_found_by_its_name_and_by_its_arn() -> None:
    name = "AWS-StartSSHSession"
    assert document(f"arn:aws:ssm:us-west-2::document/{name}") is document(name)


def test_only_forwarded_ports_are_connected_to_again() -> None:
    ssh = document("AWS-StartSSHSession").properties({"portNumber": ["22"]})
    forwarded = document("AWS-StartPortForwardingSession").properties({"portNumber": ["22"]})
    assert (ssh, forwarded) == ({"portNumber": "22"}, {"portNumber": "22", "type": "LocalPortForwarding"})


@pytest.mark.parametrize("number", ["0", "65536", "-1", "2 2", "ssh"])
def test_what_is_no_port_is_refused(number: str) -> None:
    with pytest.raises(SsmError):
        document("AWS-StartSSHSession").properties({"portNumber": [number]})
