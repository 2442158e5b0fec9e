"""Evidence from corrections: counted, bounded, and never louder than the catalogue's own words."""

from onehall.catalog.learned import FEWEST, learn
from onehall.catalog.search import LEARNED, build_index, find_services
from onehall.catalog.services import ServiceDefinition, parse


class Listed:
    def __init__(self, *services: ServiceDefinition) -> None:
        self.index = build_index(services, ["en"])


def service(key: str, *keywords: str) -> ServiceDefinition:
    doc = {"key": key, "group": "g", "name": key.title(), "keywords": {"en": list(keywords)}}
    return parse(doc | {"promise": {"days": 1}, "routing": [{"queue": "q"}], "flow": "f"})


LISTED = Listed(service("leak", "hydrant leak"), service("water", "tap"), service("tree", "tree"))


class TestEvidence:
    def test_needs_a_few(self) -> None:
        told = [("gushing", "water")] * (FEWEST - 1)
        assert learn(told).about("gushing") == {}
        assert learn([*told, ("gushing", "water")]).about("it is gushing")["water"].moved == FEWEST

    def test_needs_a_share(self) -> None:
        told = [("gushing", "water")] * 3 + [("gushing", "")] * 20
        assert learn(told).about("gushing") == {}

    def test_names_the_word_that_says_most(self) -> None:
        told = [("broken hydrant", "water")] * 3 + [("broken bench", "")] * 3
        found = learn(told).about("broken hydrant")["water"]
        assert (found.word, found.moved, found.of) == ("hydrant", 3, 3)


class TestBoost:
    def find(self, text: str, **learned: float) -> list[str]:
        return [h.service.key for h in find_services(LISTED, text, "en", learned=learned)]

    def test_brings_up_a_service_that_no_word_of_the_catalogue_names(self) -> None:
        assert self.find("gushing") == []
        assert self.find("gushing", water=0.8) == ["water"]

    def test_never_passes_what_the_catalogue_says_in_full(self) -> None:
        assert self.find("hydrant leak", water=1.0)[0] == "leak"

    def test_is_bounded(self) -> None:
        (hit,) = find_services(LISTED, "gushing", "en", learned={"water": 50.0})
        assert hit.boost == LEARNED
