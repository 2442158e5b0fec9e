"""The catalog of words: complete, exact in its placeholders, compiled, and plain to read."""

import re

import pytest
from babel.messages.catalog import Message

from tests.i18n import reading
from tools import messages as tool

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>|#")
ROOMS = tool.ROOMS
needs_gettext = pytest.mark.skipif(
    not tool.can_gather(), reason="gathering words needs GNU gettext (apt install gettext)"
)


def po(room=""):
    return tool.ROOT / "onehall" / room / "locale" / tool.LANGUAGE / "LC_MESSAGES" / "django.po"


def known(room=""):
    return tool.messages(tool.read(po(room)))


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


@pytest.fixture(scope="module")
def gathered():
    return {room: tool.messages(tool.gather(room)) for room in ROOMS}


@needs_gettext
@pytest.mark.parametrize("room", ROOMS)
def test_every_message_of_the_code_is_translated(gathered, room):
    translated = {(m.id, m.context) for m in known(room) if all(tool.forms(m))}
    missing = [m.id for m in gathered[room] if (m.id, m.context) not in translated]
    assert gathered[room]
    assert not missing, f"Run tools/messages and translate: {missing}"


@needs_gettext
@pytest.mark.parametrize("room", ROOMS)
def test_no_message_stays_that_the_code_no_longer_has(gathered, room):
    used = {(m.id, m.context) for m in gathered[room]}
    left = [m.id for m in known(room) if (m.id, m.context) not in used]
    assert not left, f"Run tools/messages: {left}"


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_empty_or_guessed(room):
    assert not [m.id for m in known(room) if m.fuzzy or not all(tool.forms(m))]


@pytest.mark.parametrize("room", ROOMS)
def test_placeholders_and_markup_are_kept(room):
    wrong = []
    for message in known(room):
        for source, said in zip(ids(message), tool.forms(message), strict=True):
            allowed = sorted(PLACEHOLDER.findall(source))
            # One form may name its count in words ("a day early"), and the other not.
            others = [sorted(PLACEHOLDER.findall(i)) for i in ids(message)]
            if sorted(PLACEHOLDER.findall(said)) not in [allowed, *others]:
                wrong.append((source, said))
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_edges_are_kept(room):
    """White space, an ending colon and dots stand where the page counts on them."""
    wrong = []
    for message in known(room):
        for source, said in zip(ids(message), tool.forms(message), strict=True):
            ends = [s[-1] for s in (source, said) if s[-1] in ":…"]
            if len(ends) == 1 or source.strip() != source or said.strip() != said:
                wrong.append((source, said))
    assert not wrong


def test_the_residents_are_spoken_to_as_usted():
    familiar = re.compile(
        r"\b(tú|tu|tus|te|ti|contigo|vosotros|haz|escribe tu|puedes|tienes|quieres)\b"
    )
    assert not [m.id for m in known() for said in tool.forms(m) if familiar.search(said.lower())]


@pytest.mark.parametrize("room", ROOMS)
def test_the_compiled_catalog_is_that_of_the_text(room):
    assert po(room).with_suffix(".mo").read_bytes() == tool.mo_bytes(known(room))
    assert po(room).read_text(encoding="utf-8") == tool.po_text(known(room)), "Run tools/messages."


def test_merging_keeps_what_is_known_and_guesses_nothing():
    fresh, before = tool.Catalog(locale="es"), tool.Catalog(locale="es")
    before.add("Done", "Listo")
    before.add("Sent", "Enviado", flags=["fuzzy"])
    before.add("Gone", "Se fue")
    before.add("Day", "Día")
    for key in ("Done", "Sent", ("Day", "Days"), "New"):
        fresh.add(key)
    found = {ids(m)[0]: tool.forms(m) for m in tool.merged(fresh, before)}
    assert found == {"Done": ["Listo"], "Sent": [""], "Day": ["", ""], "New": [""]}


@needs_gettext
def test_words_for_residents_read_at_grade_eight_or_below(gathered):
    hard = {}
    for message in [m for room in ROOMS for m in gathered[room] if reading.is_for_residents(m)]:
        for text in ids(message):
            grade = reading.grade(text)
            if grade > reading.LIMIT and text not in reading.EXCEPTIONS:
                hard[text] = round(grade, 1)
    assert not hard


def test_every_exception_of_the_reading_level_is_still_one():
    present = {text for room in ROOMS for m in known(room) for text in ids(m)}
    for text in reading.EXCEPTIONS:
        assert text in present
        assert reading.grade(text) > reading.LIMIT


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("place", 1),
        ("city", 2),
        ("report", 2),
        ("location", 3),
        ("accessibility", 6),
        ("people", 2),
    ],
)
def test_syllables(word, count):
    assert reading.syllables(word) == count
