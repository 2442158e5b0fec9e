"""Where a report goes and why: facts of the moment, verdicts rule by rule, and rules that can never apply."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from onehall.catalog import routing, services
from onehall.catalog.routing import covers, never_reached
from onehall.kernel.work_calendar import WorkCalendar
from tests.packs import WrongPack

CALENDAR = WorkCalendar.from_doc(
    {"hours": {"wed": ["08:00-17:00"]}, "extra_holidays": [{"date": "2026-03-11"}]},
    "America/Los_Angeles",
)
RULES: list[dict[str, Any]] = [
    {
        "queue": "night",
        "when": {"all": [{"gt": ["time.hour", 20]}, {"eq": ["time.working", False]}]},
    },
    {"queue": "power", "because": "Theirs", "when": {"eq": ["asset.owner", "power"]}},
    {"queue": "lights"},
]


def service(rules: list[dict[str, Any]]) -> services.ServiceDefinition:
    doc = {"key": "lamp", "group": "g", "name": "Lamp", "promise": {"days": 1}, "flow": "repair"}
    return services.parse(doc | {"routing": rules})


def facts(at: str, **more: Any) -> dict[str, Any]:
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=CALENDAR.zone)
    given: dict[str, Any] = {"answers": {}, "areas": {}, "channel": "web", "placed": True}
    return routing.facts_of(**(given | more), at=moment, calendar=CALENDAR)


class TestMoment:
    def test_is_that_of_the_city(self) -> None:
        found = facts("2026-03-04T22:10")
        assert (found["time.hour"], found["time.weekday"]) == (22, "wed")
        assert (found["time.working"], found["time.holiday"]) == (False, False)
        assert facts("2026-03-04T10:00")["time.working"] is True

    def test_knows_holidays(self) -> None:
        found = facts("2026-03-11T10:00")
        assert (found["time.working"], found["time.holiday"]) == (False, True)


class TestExplain:
    def test_says_for_each_rule_whether_and_why(self) -> None:
        first, second, last = routing.explain(
            service(RULES), facts("2026-03-04T22:00", owner="power")
        )
        assert (first.held, first.chosen) == (True, True)
        assert [(c.field, c.found, c.held) for c in first.checks] == [
            ("time.hour", 22, True), ("time.working", False, True),
        ]  # fmt: skip
        assert (second.held, second.chosen) == (True, False)
        assert (last.held, last.chosen, last.checks) == (True, False, ())

    @pytest.mark.parametrize(
        ("at", "owner", "queue"),
        [
            ("2026-03-04T22:00", "", "night"),
            ("2026-03-04T10:00", "power", "power"),
            ("2026-03-04T10:00", "city", "lights"),
        ],
    )
    def test_agrees_with_what_is_done(self, at: str, owner: str, queue: str) -> None:
        given = facts(at, owner=owner)
        chosen = [v for v in routing.explain(service(RULES), given) if v.chosen]
        assert [v.route.queue for v in chosen] == [queue]
        assert routing.route(service(RULES), given) == chosen[0].route


class TestNeverReached:
    @pytest.mark.parametrize(
        ("wide", "narrow", "expected"),
        [
            ({"in": ["a", ["x", "y"]]}, {"eq": ["a", "x"]}, True),
            ({"eq": ["a", "x"]}, {"in": ["a", ["x", "y"]]}, False),
            ({"eq": ["a", "x"]}, {"all": [{"eq": ["b", "z"]}, {"eq": ["a", "x"]}]}, True),
            ({"all": [{"eq": ["a", "x"]}, {"eq": ["b", "z"]}]}, {"eq": ["a", "x"]}, False),
            ({"any": [{"eq": ["a", "x"]}, {"eq": ["b", "z"]}]}, {"eq": ["b", "z"]}, True),
            ({"exists": "a"}, {"gt": ["a", 3]}, True),
            ({"gt": ["a", 3]}, {"gt": ["a", 5]}, True),
            ({"gt": ["a", 5]}, {"gt": ["a", 3]}, False),
            ({"lt": ["a", 5]}, {"eq": ["a", 3]}, True),
            ({"ne": ["a", "x"]}, {"eq": ["a", "y"]}, True),
            ({"not": {"eq": ["a", "x"]}}, {"eq": ["a", "y"]}, False),
        ],
    )
    def test_only_what_is_plain_to_see(self, wide: Any, narrow: Any, expected: bool) -> None:
        assert covers(wide, narrow) is expected

    def test_names_the_rule_and_the_one_above(self) -> None:
        rules = [
            {"when": {"in": ["a", ["x", "y"]]}},
            {"when": {"all": [{"eq": ["b", 1]}, {"eq": ["b", 2]}]}},
            {"when": {"eq": ["a", "y"]}},
            {},
        ]
        assert never_reached(rules) == [(1, 1), (2, 0)]


class TestPack:
    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ("{when: {eq: [area.district, north]}, queue: roads}", "never applies: rule 1"),
            ("{when: {eq: [area.district, nowhere]}, queue: roads}", "nowhere"),
            ("{when: {eq: [asset.owner, nobody]}, queue: roads}", "nobody"),
            ("{when: {eq: [time.weekday, someday]}, queue: roads}", "someday"),
            ("{when: {eq: [channel, pigeon]}, queue: roads}", "pigeon"),
            ("{when: {gt: [time.hour, 20]}, queue: roads, person: who@x.example}", "who@x.example"),
            ("{when: {gt: [time.hour, 20]}, queue: roads, body: who}", "who"),
        ],
    )
    def test_mistakes_are_found(self, tmp_path: Path, rule: str, words: str) -> None:
        pack = WrongPack(tmp_path)
        last = "  - queue: roads\n    because: {en: All other"
        pack.replace("services/pothole.yaml", last, f"  - {rule}\n{last}")
        pack.replace("assets/street-light.geojson", '"code"', '"owner": "power", "code"')
        assert any(words in str(problem) for problem in pack.problems())
