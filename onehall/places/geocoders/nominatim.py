"""A server that speaks as Nominatim does (`/search?format=jsonv2`)."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from onehall.kernel.geo import Box
from onehall.places.fetching import Silent, fetch
from onehall.places.geocoders.asking import Guess

_SECONDS: Final = 1.5
_MOST_BYTES: Final = 500_000
_MOST_WORDS: Final = 200


class Nominatim:
    """The geocoder at an address, such as "https://search.example.gov"."""

    def __init__(self, url: str) -> None:
        self._url = url

    def search(self, text: str, *, box: Box | None, language: str, limit: int) -> Sequence[Guess]:
        """Places by Nominatim's own order; `Silent` when it does not answer in time or not in JSON."""
        asked = {"format": "jsonv2", "addressdetails": 1, "q": text, "limit": limit}
        asked["accept-language"] = language
        if box:
            asked |= {"viewbox": ",".join(map(str, box)), "bounded": 1}
        url = f"{self._url}/search?{urlencode(asked)}"
        try:
            found = json.loads(fetch(url, seconds=_SECONDS, most=_MOST_BYTES))
        except ValueError as error:
            raise Silent(str(error)) from None
        guesses = map(_guess, found if isinstance(found, list) else [])
        return [guess for guess in guesses if guess]


def _guess(row: Any) -> Guess | None:
    """A place of the answer; None for one without a point or a name."""
    try:
        lon, lat = float(row["lon"]), float(row["lat"])
        parts = row.get("address") or {}
        number, road = parts.get("house_number", ""), parts.get("road", "")
        name = row.get("name") or str(row.get("display_name", "")).partition(",")[0]
        score = 100 * min(1.0, max(0.0, float(row.get("importance") or 0.5)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if number and road:
        return Guess(f"{number} {road}"[:_MOST_WORDS], lon, lat, "address", score)
    if not name:
        return None
    words = str(name)[:_MOST_WORDS]
    if row.get("category") == "highway":
        return Guess(words, lon, lat, "street", score)
    return Guess(words, lon, lat, "landmark", score)
