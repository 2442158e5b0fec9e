"""Times and distances as people say them, in English and Spanish."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from onehall.look import dates, lengths

CITY = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 11, 24, 15, 30, tzinfo=CITY)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CITY).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("moment", "style", "english", "spanish"),
    [
        ("2026-11-24 10:31", "moment", "today, 10:31 am", "hoy, 10:31 a. m."),
        ("2026-11-24 16:00", "moment", "today, 4 pm", "hoy, 4 p. m."),
        ("2026-11-24 12:00", "moment", "today, noon", "hoy, mediodía"),
        ("2026-11-24 00:00", "moment", "today, midnight", "hoy, medianoche"),
        ("2026-11-24 00:05", "clock", "12:05 am", "12:05 a. m."),
        ("2026-11-25 08:00", "moment", "tomorrow, 8 am", "mañana, 8 a. m."),
        ("2026-11-23 23:30", "moment", "yesterday, 11:30 pm", "ayer, 11:30 p. m."),
        ("2026-11-20 16:05", "moment", "Nov 20, 4:05 pm", "20 nov, 4:05 p. m."),
        ("2025-11-20 16:05", "moment", "Nov 20, 2025, 4:05 pm", "20 nov 2025, 4:05 p. m."),
        ("2026-11-25 08:00", "day", "Wed, Nov 25", "mié 25 nov"),
        ("2027-01-04 08:00", "day", "Mon, Jan 4, 2027", "lun 4 ene 2027"),
        ("2026-11-25 08:00", "short", "Nov 25", "25 nov"),
        ("2026-11-24 15:29:30", "ago", "just now", "ahora mismo"),
        ("2026-11-24 15:21", "ago", "9 minutes ago", "hace 9 minutos"),
        ("2026-11-24 14:30", "ago", "1 hour ago", "hace 1 hora"),
        ("2026-11-23 15:00", "ago", "yesterday, 3 pm", "ayer, 3 p. m."),
    ],
)
def test_times(moment, style, english, spanish):
    for language, words in (("en", english), ("es", spanish)):
        with translation.override(language):
            assert dates.say(at(moment), now=NOW, zone=CITY, style=style).lower() == words.lower()


def test_a_day_without_a_time():
    assert dates.say(dt.date(2026, 11, 25), now=NOW, zone=CITY) == "Wed, Nov 25"
    assert dates.say(dt.date(2026, 11, 25), now=NOW, zone=CITY, style="short") == "Nov 25"


def test_the_day_is_the_citys_own():
    """8 pm in the city is tomorrow in UTC, and still today for the reader."""
    evening = NOW.replace(hour=20, minute=0)
    assert (
        dates.say(evening.astimezone(dt.UTC), now=NOW.astimezone(dt.UTC), zone=CITY)
        == "today, 8 pm"
    )


@pytest.mark.parametrize(
    ("metres", "imperial", "metric"),
    [
        (0.1, "1 foot", "1 m"),
        (2.4, "8 feet", "2 m"),
        (11, "35 feet", "10 m"),
        (82, "90 yards", "80 m"),
        (650, "0.4 miles", "650 m"),
        (998, "0.6 miles", "1 km"),
        (1609, "1 mile", "1.6 km"),
        (2400, "1.5 miles", "2.4 km"),
        (40_000, "25 miles", "40 km"),
    ],
)
def test_distances(metres, imperial, metric):
    assert lengths.say(metres, units="imperial") == imperial
    assert lengths.say(metres, units="metric") == metric


def test_units_follow_the_reader_and_the_city_has_the_last_word():
    class Metric:
        units = "metric"

    assert lengths.units_for("en") == "imperial"
    assert lengths.units_for("es") == "metric"
    assert lengths.units_for("en-gb") == "metric"
    assert lengths.units_for("en", Metric()) == "metric"
