from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request

import pytest

from hpctl.adapters.local.hub import LocalHub
from hpctl.adapters.local.hub_request import KeepsHeaders
from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError

Asked = tuple[str, str | None]
"""An address and the token sent to it."""


def refusing(status: int, code: str = "") -> HTTPError:
    headers = Message()
    if code:
        headers["X-Error-Code"] = code
    return HTTPError("https://huggingface.co", status, "no", headers, None)


def hub(answer: bytes | Exception, seen: list[Asked] | None = None, **environ: str) -> LocalHub:
    def send(address: str, headers: Mapping[str, str], timeout_s: float) -> bytes:
        if seen is not None:
            seen.append((address, headers.get("Authorization")))
        if isinstance(answer, Exception):
            raise answer
        return answer

    return LocalHub({"HOME": "/nowhere", **environ}, send)


def snapshot(cache: Path, model_id: str, commit: str = "abc") -> Path:
    folder = cache / f"models--{model_id.replace('/', '--')}"
    file = folder / "snapshots" / commit / "config.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    return file


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("HF_HUB_CACHE", "."),
        ("HF_HOME", "hub"),
        ("XDG_CACHE_HOME", "huggingface/hub"),
        ("HOME", ".cache/huggingface/hub"),
    ],
)
def test_the_cache_is_found_where_the_environment_puts_it(tmp_path: Path, variable: str, below: str) -> None:
    file = snapshot(tmp_path / below, "Qwen/Qwen3-8B")
    cache = LocalHub({"HOME": "/nowhere", variable: str(tmp_path)})
    assert cache.cached("Qwen/Qwen3-8B") == file
    assert cache.cached("Qwen/Qwen3-4B") is None


def test_a_snapshot_that_is_gone_is_not_found(tmp_path: Path) -> None:
    snapshot(tmp_path, "gpt2").unlink()
    assert LocalHub({"HF_HUB_CACHE": str(tmp_path)}).cached("gpt2") is None


def test_the_file_is_asked_for_with_the_token() -> None:
    seen: list[Asked] = []
    assert hub(b"{}", seen, HF_TOKEN="hf_x").fetch("Qwen/Qwen3-8B") == "{}"
    assert seen == [("https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json", "Bearer hf_x")]


def test_the_token_file_and_another_endpoint_are_heeded(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_file\n")
    seen: list[Asked] = []
    hub(b"{}", seen, HF_HOME=str(tmp_path), HF_ENDPOINT="https://mirror.example/").fetch("gpt2")
    assert seen == [("https://mirror.example/gpt2/resolve/main/config.json", "Bearer hf_file")]


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (refusing(401, "GatedRepo"), AccessError, "`a/b` is gated on the Hugging Face Hub"),
        (refusing(403, "GatedRepo"), AccessError, "`a/b` is gated on the Hugging Face Hub"),
        (refusing(401, "RepoNotFound"), NotFoundError, "the Hugging Face Hub shows no model `a/b`"),
        (refusing(404, "EntryNotFound"), NotFoundError, "`a/b` has no `config.json` on the Hugging Face Hub"),
        (refusing(404), NotFoundError, "the Hugging Face Hub shows no model `a/b`"),
        (refusing(403), AccessError, "the Hugging Face Hub refuses `a/b`: HTTP 403"),
        (refusing(503), UnavailableError, "the Hugging Face Hub cannot be reached"),
        (URLError("no such host"), UnavailableError, "the Hugging Face Hub cannot be reached"),
        (ConnectionResetError("reset"), UnavailableError, "the Hugging Face Hub cannot be reached"),
        (TimeoutError(), UnavailableError, "the Hugging Face Hub cannot be reached"),
        (b"\xff\xfe\xff", UnavailableError, "the Hugging Face Hub cannot be reached"),
    ],
)
def test_each_refusal_has_its_own_error(answer: bytes | Exception, kind: type[HpctlError], message: str) -> None:
    with pytest.raises(kind) as caught:
        hub(answer).fetch("a/b")
    assert caught.value.message == message


def test_offline_asks_nobody() -> None:
    seen: list[Asked] = []
    with pytest.raises(UnavailableError, match="HF_HUB_OFFLINE is set"):
        hub(b"{}", seen, HF_HUB_OFFLINE="1").fetch("gpt2")
    assert seen == []


def test_an_endpoint_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(UnavailableError) as caught:
        hub(b"{}", HF_ENDPOINT="file:///etc").fetch("gpt2")
    assert caught.value.cause == "HF_ENDPOINT is `file:///etc`, which is no web address"


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    ended = threading.Event()

    def silent(address: str, headers: Mapping[str, str], timeout_s: float) -> bytes:
        ended.wait(5)
        return b""

    began = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        LocalHub({"HOME": "/nowhere"}, silent, timeout_s=0.1).fetch("gpt2")
    assert caught.value.cause == "no answer within 0.1 s"
    assert time.monotonic() - began < 2
    ended.set()


@pytest.mark.parametrize(
    ("target", "token"), [("https://huggingface.co/b", "Bearer x"), ("https://elsewhere.example/b", None)]
)
def test_the_token_follows_a_redirect_to_the_same_host_only(target: str, token: str | None) -> None:
    request = Request("https://huggingface.co/a")
    request.add_unredirected_header("Authorization", "Bearer x")
    followed = KeepsHeaders().redirect_request(request, None, 307, "moved", Message(), target)
    assert followed is not None
    assert followed.get_header("Authorization") == token
