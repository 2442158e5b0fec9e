"""Answers: what shows, what is missing, what a form sent, where it goes."""

from typing import Any

import pytest

from onehall.catalog import pack as catalog_pack
from onehall.catalog import routing, rules, services
from onehall.catalog.services import ServiceDefinition
from onehall.setup import packs
from tests.packs import TESTFORD


@pytest.fixture(scope="module")
def offered() -> dict[str, ServiceDefinition]:
    """Testford's services, without a database."""
    pack, problems = packs.read(TESTFORD)
    assert problems == []
    return {doc["key"]: services.parse(doc) for doc in pack.catalog.services}


@pytest.fixture(scope="module")
def pothole(offered: dict[str, ServiceDefinition]) -> ServiceDefinition:
    return offered["pothole"]


@pytest.fixture(scope="module")
def noise(offered: dict[str, ServiceDefinition]) -> ServiceDefinition:
    return offered["noise"]


def keys(questions: list[services.Question]) -> list[str]:
    return [q.key for q in questions]


def test_a_question_shows_when_its_condition_holds(pothole: ServiceDefinition) -> None:
    assert keys(rules.visible_questions(pothole, {})) == ["size", "damage"]
    assert keys(rules.visible_questions(pothole, {"size": "large"})) == ["size", "lane", "damage"]


def test_missing_are_the_required_ones_that_show(pothole: ServiceDefinition) -> None:
    assert keys(rules.missing_answers(pothole, {})) == ["size"]
    assert rules.missing_answers(pothole, {"size": "small"}) == []


def test_a_form_becomes_typed_answers(noise: ServiceDefinition) -> None:
    answers, errors, stop = rules.clean_answers(
        noise,
        {
            "kinds": ["dog", "music"],
            "since": ["2026-02-01"],
            "nights": [" 2,5 "],
            "note": ["  every night "],
            "other": ["ignored"],
        },
    )
    assert answers == {
        "kinds": ["music", "dog"],
        "since": "2026-02-01",
        "nights": 2.5,
        "note": "every night",
    }
    assert (errors, stop) == ({}, None)


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("kinds", ["tuba"]),
        ("since", ["tomorrow"]),
        ("nights", ["many"]),
        ("nights", ["nan"]),
        ("nights", ["1e400"]),
        ("note", ["x" * 2001]),
    ],
)
def test_a_wrong_answer_gets_words(noise: ServiceDefinition, key: str, sent: list[str]) -> None:
    _, errors, _ = rules.clean_answers(noise, {"kinds": ["dog"], key: sent})
    assert list(errors) == [key]
    assert errors[key]


def test_a_missing_answer_gets_words(noise: ServiceDefinition) -> None:
    answers, errors, _ = rules.clean_answers(noise, {"kinds": ["", " "]})
    assert (answers, list(errors)) == ({}, ["kinds"])


def test_answers_to_hidden_questions_are_dropped(pothole: ServiceDefinition) -> None:
    answers, _, _ = rules.clean_answers(pothole, {"size": ["small"], "lane": ["bike"]})
    assert answers == {"size": "small"}


def test_an_answer_can_stop_the_form(pothole: ServiceDefinition) -> None:
    answers, errors, stop = rules.clean_answers(pothole, {"size": ["collapse"]})
    assert stop is not None
    assert (stop.call, errors, answers) == ("911", {}, {"size": "collapse"})


@pytest.mark.parametrize(("sent", "value"), [("yes", True), ("no", False), ("on", True)])
def test_yes_and_no(pothole: ServiceDefinition, sent: str, value: bool) -> None:
    answers, _, _ = rules.clean_answers(pothole, {"size": ["small"], "damage": [sent]})
    assert answers["damage"] is value


@pytest.mark.parametrize(
    ("facts", "queue"),
    [
        ({"area.district": "north"}, "roads-north"),
        ({"area.district": "south"}, "roads"),
        ({}, "roads"),
    ],
)
def test_the_first_rule_that_holds_decides(
    pothole: ServiceDefinition, facts: dict[str, Any], queue: str
) -> None:
    assert routing.route(pothole, facts).queue == queue


def test_reading_a_pack_twice_gives_the_same_documents() -> None:
    pack, _ = packs.read(TESTFORD)
    again, _ = packs.read(TESTFORD)
    assert pack.catalog == again.catalog
    assert isinstance(pack.catalog, catalog_pack.CatalogPack)
