"""What the place picker asks of the server."""

import pytest

from onehall.portal import picked
from tests.portal.conftest import HERE, send

LON, LAT = HERE


def test_typed_words_find_places_with_a_signed_pick(phone):
    found = phone.get("/places/find?q=124 elm").json()["places"]
    assert found[0]["words"] == "124 Elm Street"
    assert picked.read(found[0]["pick"]).words == "124 Elm Street"


@pytest.mark.parametrize("q", ["", "e", " ", "\x00\x00", "x" * 5000, "%%%", "🕳️🕳️"])
def test_odd_words_find_nothing_and_break_nothing(phone, q):
    answer = phone.get("/places/find", {"q": q})
    assert answer.status_code == 200
    assert "places" in answer.json()


def test_a_point_gets_words_and_how_exact_it_is(phone):
    place = phone.get(f"/places/name?lon={LON}&lat={LAT}&accuracy=9").json()["place"]
    assert place["words"]
    assert "Within 30 feet" in place["note"]
    assert picked.read(place["pick"]).accuracy == 9


def test_an_address_without_a_known_house_asks_for_the_pin_and_keeps_its_words(phone):
    found = phone.get("/places/find?q=9999 elm street").json()["places"][0]
    assert found["words"].startswith("9999 Elm Street (")
    assert found["note"] == "Show the map and move it until the spot is right."
    asked = {"lon": found["lon"], "lat": found["lat"], "pick": found["pick"]}
    pinned = phone.get("/places/name", asked).json()["place"]
    assert pinned["words"] == "9999 Elm Street"
    assert "map" not in pinned["note"]
    # Moved once more it is still that address; moved to another street it is not.
    again = phone.get("/places/name", asked | {"pick": pinned["pick"]}).json()["place"]
    assert again["words"] == "9999 Elm Street"
    away = phone.get("/places/name", asked | {"lat": found["lat"] + 0.004}).json()["place"]
    assert "9999" not in away["words"]


def test_a_vague_phone_is_told_so(phone):
    answer = phone.get(f"/places/name?lon={LON}&lat={LAT}&accuracy=1609").json()
    assert answer == {"outside": False, "vague": "1 mile"}


def test_outside_is_said(phone):
    assert phone.get("/places/name?lon=0&lat=0").json() == {"outside": True}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lon=a&lat=1",
        "lon=nan&lat=1",
        "lon=inf&lat=1",
        "lon=999&lat=1",
        f"lon={LON}&lat={LAT}&accuracy=nan",
        f"lon={LON}&lat={LAT}&accuracy=-4",
        "lon=1",
    ],
)
def test_nonsense_points_are_refused(phone, query):
    assert phone.get(f"/places/name?{query}").status_code == 400


def test_near_by_shows_open_reports_of_the_service(phone):
    report = send(phone)
    pick = picked.sign(picked.Picked(report.case.lon, report.case.lat, "Here"))
    html = phone.get("/report/pothole/near", {"pick": pick}).content.decode()
    assert f"follow:{report.case.number}" in html
    assert "told on" in html
    assert phone.get("/report/noise/near", {"pick": pick}).content.strip() == b""
    for odd in ("", "forged", "\x00", picked.sign(picked.Picked(0, 0, "Far"))):
        assert phone.get("/report/pothole/near", {"pick": odd}).content.strip() == b""


def test_near_by_waits_until_the_pin_of_an_address_is_set(phone):
    report = send(phone)
    at = report.case.lon, report.case.lat
    rough = picked.Picked(*at, "9 Elm Street (the pin is at 7 Elm Street)", address="9 Elm Street")
    told = phone.get("/report/pothole/near", {"pick": picked.sign(rough)})
    assert report.case.number not in told.content.decode()
    pinned = picked.Picked(*at, "9 Elm Street", address="9 Elm Street")
    told = phone.get("/report/pothole/near", {"pick": picked.sign(pinned)})
    assert report.case.number in told.content.decode()


def test_maps_are_drawn_only_for_our_own_picks(phone):
    pick = picked.sign(picked.Picked(LON, LAT, "Here"))
    drawn = phone.get(f"/map/light/{pick}.webp")
    assert drawn.status_code == 200
    assert drawn["Content-Type"] == "image/webp"
    assert phone.get(f"/map/light/{pick[:-2]}xx.webp").status_code == 404
    away = picked.sign(picked.Picked(0, 0, "Away"))
    assert phone.get(f"/map/dark/{away}.webp").status_code == 404


def test_tiles_need_no_sign_in_and_have_edges(phone):
    assert phone.get("/tiles/light/15/5371/12371.webp").status_code == 200
    for where in ("9/1/1", "20/1/1", "15/99999/1", "99/9999999/9999999"):
        assert phone.get(f"/tiles/dark/{where}.webp").status_code == 404


def test_maps_are_in_the_language_of_the_reader(phone):
    where = "15/5371/12371.webp"
    english, spanish = (phone.get(f"/tiles/{part}/{where}") for part in ("light", "light-es"))
    assert english.status_code == spanish.status_code == 200
    again = phone.get(f"/tiles/dark-en/{where}")
    assert (again.status_code, again["Location"]) == (302, f"/tiles/dark/{where}")
    for part in ("light-fr", "light-", "night", "light-e"):
        assert phone.get(f"/tiles/{part}/{where}").status_code == 404
    pick = picked.sign(picked.Picked(LON, LAT, "Here"))
    assert phone.get(f"/map/light-es/{pick}.webp").status_code == 200
    assert phone.get(f"/map/light-fr/{pick}.webp").status_code == 404
    page = phone.get("/report/pothole?lang=es").content.decode()
    assert "/tiles/{scheme}-es/{z}/{x}/{y}.webp" in page
    assert "/map/light-es/" in page
    assert (
        "/tiles/{scheme}/{z}/{x}/{y}.webp" in phone.get("/report/pothole?lang=en").content.decode()
    )


def test_a_link_of_a_case_shows_the_map_as_its_page_does(phone):
    report = send(phone)
    for language, part in (("en", "light"), ("es", "light-es")):
        page = phone.get(f"/city/{report.case.number}?lang={language}").content.decode()
        assert f"/city/{report.case.number}/map/{part}.webp" in page
    assert phone.get(f"/city/{report.case.number}/map/dark-es.webp").status_code == 200
    for part in ("dark-fr", "night"):
        assert phone.get(f"/city/{report.case.number}/map/{part}.webp").status_code == 404


def test_the_map_of_a_report(phone):
    report = send(phone)
    assert phone.get(f"/r/{report.token}/map/light.webp")["Content-Type"] == "image/webp"
    wordy = send(phone, where="by the fountain nobody knows")
    assert phone.get(f"/r/{wordy.token}/map/light.webp").status_code == 404
    assert "/map/" not in phone.get(f"/r/{wordy.token}").content.decode()


def test_a_pick_from_an_older_version_is_ignored():
    from django.core import signing

    old = signing.dumps({"lon": 1.0, "lat": 1.0, "words": "x", "asset_id": 4}, salt=picked.SALT)
    assert picked.read(old) is None
