"""A geocoder outside the city: turned on in city.yaml, asked rarely, and never in the way."""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from onehall.kernel.geo import Box
from onehall.places import geocoders, outside
from onehall.places.geocoders import Guess, Silent
from onehall.places.geocoders.nominatim import Nominatim
from onehall.places.models import City
from onehall.places.queries import find_place
from tests.places.conftest import LAT, LON, Break


class Fake:
    """A geocoder that knows one place, or is silent."""

    def __init__(self, *guesses: Guess, silent: bool = False) -> None:
        self.guesses = guesses
        self.silent = silent
        self.asked: list[tuple[str, Box | None, str, int]] = []

    def search(self, text: str, *, box: Box | None, language: str, limit: int) -> Sequence[Guess]:
        """What it knows."""
        self.asked.append((text, box, language, limit))
        if self.silent:
            raise Silent("no answer")
        return self.guesses


TOWER = Guess("Old Water Tower", LON + 0.001, LAT + 0.001, "landmark", 100)


@pytest.fixture
def fake(town: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The town asks a geocoder that knows a tower."""
    geocoder = Fake(TOWER)
    town.map = {**town.map, "geocoder": {"use": "fake", "url": "https://search.example"}}
    monkeypatch.setattr(geocoders, "made", lambda name, url: geocoder if name == "fake" else None)
    outside.forget()
    yield geocoder
    outside.forget()


def words(city: City, text: str) -> list[str]:
    """What is found, in words."""
    return [place.words for place in find_place(city, text, language="en")]


class TestAsking:
    def test_what_the_city_knows_is_not_asked(self, town: City, fake: Fake) -> None:
        assert words(town, "14 Mill Lane")[0] == "14 Mill Lane"
        assert fake.asked == []

    def test_what_the_city_does_not_know_is_asked_once(self, town: City, fake: Fake) -> None:
        assert words(town, "old water  tower") == ["Old Water Tower"]
        assert words(town, "Old Water Tower") == ["Old Water Tower"]
        assert fake.asked == [("old water tower", town.bounds, "en", 6)]

    def test_short_texts_are_not_asked(self, town: City, fake: Fake) -> None:
        assert words(town, "xqzt") == []
        assert fake.asked == []

    def test_what_lies_outside_the_city_is_left_out(self, town: City, fake: Fake) -> None:
        fake.guesses = (
            Guess("Far", LON + 1, LAT),
            Guess("Nowhere", 999, 0),
            Guess("Nan", float("nan"), 0),
        )
        assert words(town, "old water tower") == []

    def test_a_silent_one_is_left_alone_for_a_while(self, town: City, fake: Fake) -> None:
        fake.silent = True
        assert words(town, "old water tower") == []
        assert words(town, "another water tower") == []
        assert len(fake.asked) == 1

    def test_a_city_without_one_asks_nobody(self, town: City, fake: Fake) -> None:
        town.map = {}
        assert words(town, "old water tower") == []
        assert fake.asked == []

    def test_one_that_is_not_installed_is_passed_over(self, town: City, fake: Fake) -> None:
        town.map = {"geocoder": {"use": "gone", "url": "https://search.example"}}
        assert words(town, "old water tower") == []


class TestPack:
    @pytest.mark.parametrize(
        ("said", "wanted"),
        [
            ("{use: nominatim, url: 'https://search.example/n'}", []),
            ("{use: nominatin, url: 'https://search.example'}", ['"map.geocoder.use"']),
            ("{use: nominatim, url: 'ftp://search.example'}", ['"map.geocoder.url"']),
            ("{use: nominatim}", ['"map.geocoder.url"']),
            (
                "{use: nominatim, url: 'https://search.example', key: x}",
                ['Unknown field "map.geocoder.key"'],
            ),
        ],
    )
    def test_it_is_turned_on_in_city_yaml(
        self, broken: Break, said: str, wanted: list[str]
    ) -> None:
        found = broken("city.yaml", "zoom: 15", f"zoom: 15, geocoder: {said}")
        assert len(found) == len(wanted), found
        assert all(words in line for words, line in zip(wanted, found, strict=True)), found

    def test_a_plug_in_is_known_by_its_entry_point(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Entry:
            name = "ours"

            def load(self) -> Any:
                return lambda url: Fake(Guess(url, 0, 0))

        monkeypatch.setattr(
            geocoders,
            "entry_points",
            lambda group, name="ours": [Entry()] if name == "ours" else [],
        )
        geocoders.known.cache_clear()
        geocoders.made.cache_clear()
        try:
            assert geocoders.known() == {"nominatim", "ours"}
            made = geocoders.made("ours", "https://x.example")
            assert made is not None
            assert (
                made.search("a", box=None, language="en", limit=1)[0].words == "https://x.example"
            )
            assert geocoders.made("others", "https://x.example") is None
        finally:
            geocoders.known.cache_clear()
            geocoders.made.cache_clear()


class TestNominatim:
    @pytest.fixture
    def server(self) -> Iterator[Any]:
        """A server on this machine that says what it is told to."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.paths.append(self.path)
                self.send_response(server.status)
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *args: object) -> None:
                """Quietly."""

        server: Any = HTTPServer(("127.0.0.1", 0), Handler)
        server.paths, server.status, server.body = [], 200, b"[]"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
        server.server_close()

    def ask(self, server: Any) -> list[Guess]:
        geocoder = Nominatim(f"http://127.0.0.1:{server.server_port}/api")
        return list(geocoder.search("mill & co", box=(1, 2, 3, 4), language="es", limit=5))

    def test_it_reads_what_nominatim_writes(self, server: Any) -> None:
        server.body = json.dumps(
            [
                {"lon": "1.5", "lat": "2.5", "importance": 0.8, "address": {"house_number": "14", "road": "Mill Lane"}},
                {"lon": "1", "lat": "2", "category": "highway", "name": "Mill Lane", "importance": 0.3},
                {"lon": "1", "lat": "2", "display_name": "Water Tower, Millbrook"},
                {"lon": "x", "lat": "2", "name": "No point"},
                {"lon": "1", "lat": "2"},
                "nothing",
            ]
        ).encode()  # fmt: skip
        assert self.ask(server) == [
            Guess("14 Mill Lane", 1.5, 2.5, "address", 80),
            Guess("Mill Lane", 1, 2, "street", 30),
            Guess("Water Tower", 1, 2, "landmark", 50),
        ]
        asked = parse_qs(urlsplit(server.paths[0]).query)
        assert server.paths[0].startswith("/api/search?")
        assert (asked["q"], asked["viewbox"], asked["bounded"]) == (
            ["mill & co"],
            ["1,2,3,4"],
            ["1"],
        )
        assert asked["accept-language"] == ["es"]

    @pytest.mark.parametrize(("status", "body"), [(500, b"[]"), (200, b"<html>"), (302, b"")])
    def test_what_is_no_answer_is_silence(self, server: Any, status: int, body: bytes) -> None:
        server.status, server.body = status, body
        with pytest.raises(Silent):
            self.ask(server)

    def test_nobody_there_is_silence(self) -> None:
        with pytest.raises(Silent):
            Nominatim("http://127.0.0.1:9").search("x", box=None, language="en", limit=1)
