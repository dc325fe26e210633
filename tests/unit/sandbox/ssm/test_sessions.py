from __future__ import annotations

from datetime import UTC, datetime

from hpctl.sandbox.ssm.documents import Document
from hpctl.sandbox.ssm.sessions import Session, Sessions, new_id, new_token

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def a_session() -> Session:
    return Session("visitor-1", "t", "c", "i-1", "d", Document("Port"), {}, "arn", None, NOW, "first")


def test_three_starts_are_allowed_in_any_second() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    moments = (0.0, 0.3, 0.6, 0.9, 1.0, 1.1, 1.3)
    found = []
    for now[0] in moments:
        found.append(sessions.may_start())
    assert found == [True, True, True, False, True, False, True]


def test_a_token_opens_once_and_a_new_one_again() -> None:
    sessions = Sessions()
    session = a_session()
    sessions.add(session)
    assert sessions.claim("visitor-1", "other") is None
    assert sessions.claim("visitor-1", "first") is session
    assert sessions.claim("visitor-1", "first") is None
    assert sessions.claim("visitor-1", "") is None
    assert sessions.claim("visitor-1", sessions.renew(session)) is session


def test_a_session_that_has_ended_opens_no_more() -> None:
    sessions = Sessions()
    sessions.add(a_session())
    sessions.end("visitor-1", NOW)
    assert sessions.claim("visitor-1", "first") is None


def test_ids_and_tokens_are_never_the_same() -> None:
    assert len({new_id("visitor") for _ in range(100)} | {new_token() for _ in range(100)}) == 200
    assert all(len(new_id("x" * 200)) <= 96 for _ in range(3))
