"""Reply templates: when one fits, what its variables become, and what a pack can get wrong in them."""

from pathlib import Path

import pytest

from onehall.catalog import replies
from onehall.catalog.pack.rows import reply_templates
from onehall.catalog.queries import catalogue
from onehall.catalog.replies import Fits
from onehall.cli import city as city_cli
from tests.packs import WrongPack, testford

CREW = "templates/crew-soon.yaml"
THANKS = "templates/thanks.yaml"
POTHOLE = Fits(
    state="received",
    category="submitted",
    service="pothole",
    queue="roads",
    known=frozenset(replies.OF_CASE),
)


def template(**where: list[str]) -> replies.ReplyTemplate:
    doc = {"key": "t", "name": {"en": "T"}, "text": {"en": "By {date}, {first_name}"}}
    return replies.parse({**doc, "where": where})


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({}, True),
        ({"states": ["received"]}, True),
        ({"states": ["working", "received"], "queues": ["roads"]}, True),
        ({"states": ["received"], "services": ["noise"]}, False),
        ({"categories": ["working"]}, False),
    ],
)
def test_every_part_of_where_must_hold(where: dict[str, list[str]], fits: bool) -> None:
    assert template(**where).fits(POTHOLE) is fits


def test_a_template_whose_variable_has_no_value_is_not_offered() -> None:
    undated = Fits(
        state="received",
        category="submitted",
        service="pothole",
        queue="roads",
        known=POTHOLE.known - {"date"},
    )
    assert not template().fits(undated)


def test_narrower_ones_come_first() -> None:
    wide, narrow = template(), template(services=["pothole"])
    assert replies.fitting([wide, narrow], POTHOLE) == [narrow, wide]


def test_inserting_leaves_what_is_each_readers_own() -> None:
    text = "Hello {first_name}, by {date}: {link} {else}"
    assert replies.insert(text, {"date": "Friday", "first_name": "no"}) == (
        "Hello {first_name}, by Friday: {link} {else}"
    )


@pytest.mark.parametrize(
    ("name", "read"), [("Rosa", "Hello Rosa,\n\n5 {x}"), ("", "Hello,\n\n5 {x}")]
)
def test_a_missing_name_goes_with_its_space(name: str, read: str) -> None:
    own = {"first_name": name, "number": "5"}
    assert replies.read_by("Hello {first_name},\n\n{number} {x}", own) == read


def test_a_value_is_never_read_as_a_variable() -> None:
    own = {"first_name": "{link}", "link": "secret"}
    assert replies.read_by("Hi {first_name}", own) == "Hi {link}"


def test_only_the_first_word_of_a_name_is_used() -> None:
    assert [replies.first_name(n) for n in ("Rosa Diaz", " Rosa ", "")] == ["Rosa", "Rosa", ""]


ONE_MISTAKE = [
    (CREW, "{place} by", "{plaze} by", "en: |-", "{plaze}", 'Did you mean "{place}"?'),
    (CREW, "{place} a más", "{xyzzyplugh} a más", "es: |-", "{xyzzyplugh}", "There are: {service}"),
    (THANKS, "{city}", "{cty}", "text:", "{cty}", 'Did you mean "{city}"?'),
    (CREW, "[submitted, review]", "[submited]", "categories:", "submited", '"submitted"'),
    (CREW, "services: [pothole]", "services: [potole]", "services:", "potole", '"pothole"'),
    (CREW, "services: [pothole]", "states: [recieved]", "states:", "recieved", '"received"'),
    (CREW, "services: [pothole]", "queues: [raods]", "queues:", "raods", '"roads"'),
    (CREW, "services: [pothole]", "wards: [one]", "wards:", 'field "where.wards"', ""),
    (THANKS, "languages: [en]", "languages: [en, fr]", "languages:", '"fr"', "Known here"),
    (THANKS, "key: thanks", "key: crew-soon", "key:", "defined twice", "another key"),
    (THANKS, "languages: [en]\n", "", "text:", 'no words in "es"', '"es"'),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "message", "advice"), ONE_MISTAKE, ids=lambda v: str(v)[:24]
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, file: str, old: str, new: str, at: str, message: str, advice: str
) -> None:
    pack = WrongPack(tmp_path).replace(file, old, new)
    problems = pack.problems()
    assert [(p.file, p.line) for p in problems] == [(file, pack.line(file, at))]
    assert message in problems[0].message
    assert advice in problems[0].advice


def test_a_text_too_long_to_send_is_refused(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(THANKS, "Thank you", "Thank you " + "x" * 3_000)
    assert "Keep it to 3000." in [p.advice for p in pack.problems()]


@pytest.mark.django_db
def test_a_template_that_left_the_pack_is_offered_no_more(tmp_path: Path) -> None:
    city = testford()
    assert [t.key for t in catalogue(city).replies] == ["thanks", "crew-soon"]
    pack = WrongPack(tmp_path)
    (pack.folder / THANKS).unlink()
    pack.replace(CREW, "Crew is planned", "The crew comes")
    shown = [str(c) for c in city_cli.plan(pack.folder, with_staff=False)]
    assert any("thanks" in line and "reply template" in line for line in shown), shown
    city = city_cli.apply(pack.folder, with_staff=False, by="tests")
    assert [t.name["en"] for t in catalogue(city).replies] == ["The crew comes"]
    assert [row.key for row in reply_templates(city)] == ["crew-soon"]
