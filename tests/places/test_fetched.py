"""Tiles of a city's own map server: fetched here, kept, turned for the dark, and done without when it is silent."""

import datetime as dt
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from onehall.cli import doctor
from onehall.kernel import geo
from onehall.places import fetched, ground, tiles
from onehall.places.models import City
from tests.packs import testford

RED, WHITE = (200, 30, 30), (255, 255, 255)


class Server(ThreadingHTTPServer):
    """A map server whose tiles are red in the north west and white elsewhere."""

    size = 256
    broken = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Tiles)
        self.asked: list[str] = []


class Tiles(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        broken = self.server.broken
        self.send_response(404 if broken == "missing" else 200)
        self.end_headers()
        x, y = (int(part) for part in self.path.removesuffix(".png").split("/")[-2:])
        picture = Image.new("RGB", (self.server.size,) * 2, RED if x % 2 == y % 2 == 0 else WHITE)
        out = io.BytesIO()
        picture.save(out, "PNG")
        self.wfile.write(b"<html>" if broken == "html" else out.getvalue())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def city(db: None, settings: Any, tmp_path: Path, server: Server) -> City:
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"
    settings.MAPS_DIR = tmp_path / "maps"
    fetched.forget()
    ground.forget()
    found = testford()
    url = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    found.map = {"tiles": {"url": url, "size": 256, "deepest": 16}, "credit": "Town GIS"}
    return found


def spot(city: City, zoom: int) -> tuple[int, int]:
    assert city.center is not None
    x, y = geo.mercator(*city.center)
    return int(x * (1 << zoom)), int(y * (1 << zoom))


def drawn(city: City, zoom: int = 15, *, dark: bool = False) -> Image.Image:
    x, y = spot(city, zoom)
    return Image.open(io.BytesIO(tiles.draw_tile(city, zoom, x, y, dark=dark))).convert("RGB")


def like(one: Any, other: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 12


def test_four_small_ones_are_put_together_and_kept(city: City, server: Server) -> None:
    picture = drawn(city)
    x, y = spot(city, 15)
    want = {f"/16/{2 * x + right}/{2 * y + down}.png" for right in (0, 1) for down in (0, 1)}
    assert set(server.asked) == want
    assert like(picture.getpixel((60, 60)), RED)
    assert like(picture.getpixel((400, 60)), WHITE)
    drawn(city)
    assert len(server.asked) == 4


def test_a_large_one_is_taken_as_it_is(city: City, server: Server) -> None:
    server.size = 512
    city.map["tiles"]["size"] = 512
    drawn(city)
    x, y = spot(city, 15)
    assert server.asked == [f"/15/{x}/{y}.png"]


@pytest.mark.parametrize("zoom", [16, 18])
def test_closer_than_the_server_goes_is_cut_out_of_its_closest(
    city: City, server: Server, zoom: int
) -> None:
    assert drawn(city, zoom).size == (512, 512)
    x, y = spot(city, zoom)
    assert server.asked == [f"/16/{x >> zoom - 16}/{y >> zoom - 16}.png"]


def test_at_night_its_light_is_turned_around_and_its_colors_stay(city: City) -> None:
    picture = drawn(city, dark=True)
    assert like(picture.getpixel((400, 60)), (0, 0, 0))
    red, green, blue = picture.getpixel((60, 60))  # type: ignore[misc]
    assert red > green + 40
    assert red > blue + 40


@pytest.mark.parametrize("broken", ["missing", "html"])
def test_a_server_without_an_answer_is_left_alone_and_the_map_is_drawn(
    city: City, server: Server, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.broken = broken
    picture = drawn(city)
    assert len(server.asked) == 1
    own = {**city.map}
    del own["tiles"]
    other = City(
        **{f.attname: getattr(city, f.attname) for f in City._meta.concrete_fields} | {"map": own}
    )
    assert picture.tobytes() == drawn(other).tobytes()
    drawn(city, 14)
    assert len(server.asked) == 1
    server.broken = ""
    later = fetched.time.monotonic() + fetched.PAUSE + 1
    monkeypatch.setattr(fetched.time, "monotonic", lambda: later)
    assert like(drawn(city).getpixel((60, 60)), RED)


def test_a_picture_that_is_too_large_is_none(city: City, server: Server) -> None:
    server.size = fetched.LARGEST + 1
    drawn(city)
    assert fetched.why_not(city) == "a picture that is too large"


def test_a_server_that_is_not_there_is_done_without(city: City) -> None:
    city.map["tiles"]["url"] = "http://127.0.0.1:1/{z}/{x}/{y}.png"
    assert drawn(city).size == (512, 512)


def test_a_still_map_does_not_ask_it(city: City, server: Server) -> None:
    assert city.center is not None
    tiles.draw_still(city, *city.center, width=100, height=100, zoom=15, dark=False)
    assert server.asked == []


def test_is_asked_again_in_another_month(city: City) -> None:
    march, april = (dt.datetime(2026, month, 4, tzinfo=dt.UTC) for month in (3, 4))
    assert fetched.version(city, march) != fetched.version(city, april)


def test_the_doctor_tries_it(city: City, server: Server) -> None:
    city.save()
    (fine,) = doctor._ground()
    assert fine.good
    server.broken = "missing"
    (fault,) = doctor._ground()
    assert (fault.good, "status 404" in fault.words) == (False, True)


class TestInCityYaml:
    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ('{url: "https://tiles.example/{z}/{x}.png"}', "{z}, {x} and {y}"),
            ('{url: "ftp://tiles.example/{z}/{x}/{y}"}', "{z}, {x} and {y}"),
            ('{url: "https://{z}.example/{x}/{y}"}', "{z}, {x} and {y}"),
            ("{size: 256}", "url"),
            ('{url: "https://t.example/{z}/{x}/{y}", size: 300}', "256"),
            ('{url: "https://t.example/{z}/{x}/{y}", deepest: 30}', "deepest"),
            ('{url: "https://t.example/{z}/{x}/{y}", token: a}', "token"),
        ],
    )
    def test_what_is_wrong_is_said(self, broken: Any, said: str, words: str) -> None:
        found = broken("city.yaml", "zoom: 15", f"zoom: 15, credit: GIS, tiles: {said}")
        assert any(words in one for one in found), found

    def test_who_made_it_must_be_named(self, broken: Any) -> None:
        said = 'zoom: 15, tiles: {url: "https://t.example/{z}/{x}/{y}"}'
        (found,) = broken("city.yaml", "zoom: 15", said)
        assert "map.credit" in found

    def test_a_good_one_is_taken(self, broken: Any) -> None:
        said = 'zoom: 15, credit: GIS, tiles: {url: "https://t.example/w/{z}/{y}/{x}?key=a", size: 512}'
        assert not broken("city.yaml", "zoom: 15", said)
