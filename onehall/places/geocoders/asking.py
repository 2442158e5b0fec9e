"""What an outside geocoder is asked and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from onehall.kernel.geo import Box
from onehall.places.fetching import Silent as Silent


@dataclass(frozen=True)
class Guess:
    """A place that an outside geocoder names. `score` is 0 to 100: how sure it is."""

    words: str
    lon: float
    lat: float
    kind: Literal["address", "street", "landmark"] = "landmark"
    score: float = 50.0


class Geocoder(Protocol):
    """A service that turns what a resident typed into places."""

    def search(self, text: str, *, box: Box | None, language: str, limit: int) -> Sequence[Guess]:
        """Places within the box (west, south, east, north), best first. `Silent` after two seconds at most."""
        ...
