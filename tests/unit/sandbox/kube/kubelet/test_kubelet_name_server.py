"""Messages of DNS: what the cluster's name server answers to what it is asked."""

from __future__ import annotations

import pytest
from dns import flags, message, opcode, rcode
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.kubelet.name_server import answer

KNOWN = {
    "web.team.svc.cluster.local": ["100.64.0.2", "100.64.0.3"],
    "idle.team.svc.cluster.local": [],
    "wide.team.svc.cluster.local": [f"100.64.1.{number}" for number in range(100)],
}


def told(query: message.Message, longest: int = 512) -> message.Message:
    return message.from_wire(answer(query.to_wire(), KNOWN.get, longest))


def ask(name: str, kind: str = "A", *, payload: int | None = None) -> message.Message:
    return message.make_query(name, kind, use_edns=0 if payload else None, payload=payload or 0)


def addresses(found: message.Message) -> list[str]:
    # They come in any order, so that not everybody takes the same one.
    return sorted(str(each) for rows in found.answer for each in rows)


def test_the_addresses_behind_a_name() -> None:
    query = ask("web.team.svc.cluster.local")
    found = told(query)
    assert (found.id, found.question, found.rcode()) == (query.id, query.question, rcode.NOERROR)
    assert addresses(found) == ["100.64.0.2", "100.64.0.3"]
    assert found.flags & (flags.QR | flags.AA | flags.RD | flags.RA) == flags.QR | flags.AA | flags.RD | flags.RA


@pytest.mark.parametrize(("name", "kind"), [("idle", "A"), ("web", "AAAA"), ("web", "SRV")])
def test_a_name_without_such_a_record_is_there_all_the_same(name: str, kind: str) -> None:
    found = told(ask(f"{name}.team.svc.cluster.local", kind))
    assert (found.rcode(), found.answer) == (rcode.NOERROR, [])


@pytest.mark.parametrize("name", ["nobody.team.svc.cluster.local", "example.com", "."])
def test_a_name_that_is_not_there_is_said_at_once(name: str) -> None:
    assert told(ask(name)).rcode() == rcode.NXDOMAIN


def test_what_does_not_fit_is_asked_for_again_over_tcp() -> None:
    short = told(ask("wide.team.svc.cluster.local"))
    assert short.flags & flags.TC
    assert len(addresses(short)) < 100
    datagram, over_tcp = ask("wide.team.svc.cluster.local", payload=4096), ask("wide.team.svc.cluster.local")
    for whole in (told(datagram), told(over_tcp, 65535)):
        assert not whole.flags & flags.TC
        assert addresses(whole) == sorted(KNOWN["wide.team.svc.cluster.local"])


def test_what_is_no_question_is_refused_or_passed_over() -> None:
    update = ask("web.team.svc.cluster.local")
    update.set_opcode(opcode.NOTIFY)
    assert told(update).rcode() == rcode.NOTIMP
    answered = message.make_response(ask("web.team.svc.cluster.local")).to_wire()
    assert answer(answered, KNOWN.get) == b""


@given(st.binary(max_size=80))
def test_any_bytes_are_answered_by_their_number_or_passed_over(data: bytes) -> None:
    query = ask("web.team.svc.cluster.local").to_wire()
    for asked in (data, query + data, query[:12] + data, data[:12].ljust(12, b"\0") + query[12:]):
        found = answer(asked, KNOWN.get)
        assert found == b"" or (found[:2], found[2] >> 7) == (asked[:2], 1)
