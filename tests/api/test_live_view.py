"""The live stream's address: tokens, refusals, and servers that cannot hand over."""

import socket
import ssl

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory
from django.urls import reverse

from onehall.api.live import handoff, wire
from onehall.api.views.live import last_seen
from onehall.messaging import live
from onehall.places.models import City


@pytest.fixture(autouse=True)
def site(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = "tests.api.live_site"


@pytest.fixture
def city(db: None) -> City:
    return City.objects.create(
        slug="port-alder", name="Port Alder", hosts=["testserver"], languages=["en"]
    )


def address(*channels: str) -> str:
    return reverse("live", args=[live.token(channels)])


def test_without_a_server_that_hands_over_it_says_come_back(client: Client, city: City) -> None:
    answer = client.get(address("case:1"))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Cache-Control"] == "no-store"


def test_a_token_carries_its_channels_for_twelve_hours(
    frozen_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = live.token(["case:1", "city:2"])
    assert live.channels_of(signed) == ["case:1", "city:2"]
    with pytest.raises(live.BadToken):
        live.channels_of(signed + "x")
    frozen_clock.shift(12 * 3600 + 1)  # type: ignore[attr-defined]
    with pytest.raises(live.BadToken, match="SignatureExpired"):
        live.channels_of(signed)


def test_a_forged_token_is_refused(client: Client, city: City) -> None:
    assert client.get("/live/WyJjYXNlOjEiXQ:1w:forged").status_code == 403


def test_another_site_may_not_listen(client: Client, city: City) -> None:
    assert (
        client.get(address("case:1"), headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert client.get(address("case:1"), headers={"origin": "http://testserver"}).status_code == 503


def test_only_get(client: Client, city: City) -> None:
    assert client.post(address("case:1")).status_code == 405


@pytest.mark.parametrize(
    ("header", "query", "seen"),
    [("12", "", 12), ("", "7", 7), ("12", "7", 12), ("x", "", None), ("-1", "", None), ("", "", None),
     ("9" * 30, "", None), ("١", "", None)],
)  # fmt: skip
def test_last_seen(header: str, query: str, seen: int | None) -> None:
    request = RequestFactory().get("/", {"since": query})
    request.META["HTTP_LAST_EVENT_ID"] = header
    assert last_seen(request) == seen


@pytest.mark.parametrize("lacks", ["gunicorn.socket", "SERVER_PROTOCOL", wire.CAN_HAND_OVER])
def test_what_a_server_must_bring(lacks: str, settings: LazySettings, tmp_path: object) -> None:
    settings.LIVE_SOCKET = f"{tmp_path}/none"
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", wire.CAN_HAND_OVER: True}
    with socket.socket(socket.AF_UNIX) as client:
        full = {**environ, "gunicorn.socket": client}
        assert handoff.hand_over(full | {lacks: None}, ["case:1"], None).status_code == 503


def test_tls_of_the_server_itself_cannot_be_handed_over() -> None:
    ours, theirs = socket.socketpair()
    context = ssl.create_default_context()
    with theirs, context.wrap_socket(ours, server_hostname="x", do_handshake_on_connect=False) as s:
        environ = {
            "SERVER_PROTOCOL": "HTTP/1.1",
            wire.CAN_HAND_OVER: True,
            "gunicorn.socket": s,
        }
        assert handoff.hand_over(environ, ["case:1"], None).status_code == 503


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b'{"channels":[],"since":null,"cors":""}',
     b'{"channels":["a"],"since":"x","cors":""}', b'{"channels":["a"],"since":null,"cors":"a\\r\\nb"}'],
)  # fmt: skip
def test_a_header_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a header"):
        wire.Header.decode(line)


def test_a_header_survives_the_wire() -> None:
    header = wire.Header(["case:1", "ciudad:ñ"], 12, "https://city.example")
    assert wire.Header.decode(header.encode()) == header
