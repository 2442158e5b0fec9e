"""Asking the geocoder that a city turned on, when its own gazetteer does not know: briefly, rarely, and never twice."""

import logging
import threading
import time
from collections import OrderedDict
from typing import Final

from onehall.kernel import geo
from onehall.places import areas, geocoders
from onehall.places.geocoders import Guess, Silent
from onehall.places.models import City
from onehall.places.wording import FoundPlace

_log: Final = logging.getLogger(__name__)
KNOWN_WELL: Final = 80.0
"""The gazetteer's own score from which on nobody outside is asked; what comes from outside stays below."""

_SHORTEST: Final = 6
_MOST_KEPT: Final = 1000
_PAUSE: Final = 60.0

type _Key = tuple[int, str, str, str]


class _Answers:
    """What was answered, and until when a geocoder that gave no answer is left alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, list[Guess]] = OrderedDict()
        self._silent_until: dict[int, float] = {}

    def kept(self, key: _Key) -> list[Guess] | None:
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: _Key, guesses: list[Guess]) -> None:
        with self._lock:
            self._kept[key] = guesses
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def pause(self, city_id: int) -> None:
        with self._lock:
            self._silent_until[city_id] = time.monotonic() + _PAUSE

    def is_paused(self, city_id: int) -> bool:
        with self._lock:
            return self._silent_until.get(city_id, 0.0) > time.monotonic()

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self._silent_until.clear()


_answers: Final = _Answers()


def ask(city: City, text: str, language: str, limit: int) -> list[FoundPlace]:
    """Places from the city's outside geocoder, all inside the city; [] without one, or when it gives no answer."""
    chosen = city.map.get("geocoder")
    if not chosen or len(text) < _SHORTEST:
        return []
    found = []
    for guess in _guesses(city, chosen, " ".join(text.split()), language, limit):
        if geo.is_on_earth(guess.lon, guess.lat) and areas.inside_limit(city, guess.lon, guess.lat):
            score = min(99.0, max(0.0, guess.score)) * KNOWN_WELL / 100
            exact = guess.kind == "address"
            found.append(
                FoundPlace(guess.lon, guess.lat, guess.words, guess.kind, score=score, exact=exact)
            )
    return found


def _guesses(
    city: City, chosen: dict[str, str], text: str, language: str, limit: int
) -> list[Guess]:
    key = (city.pk, city.digest, language, text.casefold())
    kept = _answers.kept(key)
    if kept is not None:
        return kept
    geocoder = geocoders.made(chosen["use"], chosen["url"])
    if geocoder is None or _answers.is_paused(city.pk):
        return []
    try:
        guesses = list(geocoder.search(text, box=city.bounds, language=language, limit=limit))
    except Silent as error:
        # The typed words are a resident's: they are not written into the log.
        _log.warning("geocoder silent city=%s use=%s error=%s", city.slug, chosen["use"], error)
        _answers.pause(city.pk)
        return []
    _answers.keep(key, guesses)
    return guesses


def forget() -> None:
    """Drop every answer and every pause."""
    _answers.forget()
