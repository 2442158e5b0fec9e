"""A real city, from its open data to the resident's last word, among 49,033 requests of its own past."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.e2e import loop, santa_monica
from tests.e2e.installation import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_clock,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        bool(santa_monica.missing()),
        reason=f"shared data is absent: {santa_monica.missing()} (set ONEHALL_SHARED_DATA)",
    ),
]

PORT = 8374


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[santa_monica.SetUp]:
    """The whole set-up, once for all tests here."""
    # One process of pages is enough for one browser, and starts in a third of the time.
    with served(tmp_path_factory.mktemp("town"), PORT, ONEHALL_WEB_WORKERS="1") as site:
        yield santa_monica.set_up(site)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window at the desk."""
    context = browser.new_context(viewport=loop.DESK)
    yield context.new_page()
    context.close()


def test_every_row_of_the_history_is_accounted_for(town: santa_monica.SetUp) -> None:
    said = " ".join(town.said["import"].split())
    assert "49,033 rows in = 49,033 imported + 0 already there + 0 rejected" in said
    assert "25,509 no place in the file: kept without one" in said
    assert "539 outside the city limit" in said
    assert "named after the street at its pin" in said
    assert not list(town.site.folder.glob("*.rejects.csv"))
    assert "is at revision 1" in town.said["apply"]


def test_one_request_goes_all_the_way_and_back(
    town: santa_monica.SetUp, browser: Any, page: Any
) -> None:
    address = town.site.address
    number = loop.walk(browser, address, santa_monica.story())
    assert number.endswith("-00001")
    loop.sign_in(page, address, santa_monica.DANA)
    page.goto(f"{address}/desk?show=disputed")
    row = page.locator("tr[data-number]")
    assert row.get_attribute("data-number") == number
    assert "1527 4th Street" in row.inner_text()
    page.goto(f"{address}/desk/cases/{number}")
    timeline = page.locator(".timeline").inner_text()
    assert "Said “not fixed”" in page.locator(".case-head").inner_text()
    for told in (
        "A resident said it is not fixed",
        "New lamp and fuse.",
        "The cable feeds",
        "The crew is out",
    ):
        assert told in timeline, told
    # Nobody reads in the photo where it was taken, neither the resident's nor the crew's.
    photos = page.locator(".tray a").all()
    assert len(photos) == 2
    for photo in photos:
        answer = page.request.get(f"{address}{photo.get_attribute('href')}")
        assert answer.ok
        assert not Image.open(BytesIO(answer.body())).getexif()


def test_the_desk_finds_its_way_in_eleven_years(town: santa_monica.SetUp, page: Any) -> None:
    santa_monica.look_back(page, town.site.address)
