"""From the fields of a form to departments and to the calendar, over the document that was there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from onehall.setup.forms import (
    WAS,
    Doc,
    Tree,
    before_of,
    branch,
    listed,
    mapped,
    put,
    rows,
    text,
    texts,
    words,
)

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"\s*(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})\s*")


# --- departments -------------------------------------------------------------------------------------


def marked_departments(doc: Any) -> Doc:
    """The document with marks on its rows, which say where each was, for a form to send along."""
    found = deepcopy(mapped(doc))
    for n, department in enumerate(listed(found.get("departments"))):
        if isinstance(department, dict):
            department[WAS] = str(n)
            for m, queue in enumerate(listed(department.get("queues"))):
                if isinstance(queue, dict):
                    queue[WAS] = f"{n:03}{m:03}"
    return found


def departments(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """Departments as a form says. A queue that came from another department brings along what it had."""
    old = listed(before.get("departments"))
    every = {
        str(queue[WAS]): queue
        for department in old
        for queue in listed(mapped(department).get("queues"))
        if isinstance(queue, dict) and WAS in queue
    }
    doc = deepcopy(before)
    doc["departments"] = [
        _department(row, old, every, languages) for row in rows(tree, "departments")
    ]
    return doc


def _department(
    row: Tree, old: Sequence[Any], every: Mapping[str, Doc], languages: Sequence[str]
) -> Doc:
    doc = before_of(row, old)
    name = words(row, "name", languages, doc.get("name"))
    put(doc, "key", text(row, "key") or key_of(name))
    put(doc, "name", name)
    doc["queues"] = [_queue(item, every, languages) for item in rows(row, "queues")]
    return doc


def _queue(row: Tree, every: Mapping[str, Doc], languages: Sequence[str]) -> Doc:
    doc = deepcopy(every.get(text(row, WAS), {}))
    name = words(row, "name", languages, doc.get("name"))
    put(doc, "key", text(row, "key") or key_of(name))
    put(doc, "name", name)
    put(doc, "icon", text(row, "icon") or "inbox")
    return doc


def key_of(name: Mapping[str, str]) -> str:
    """A short name for machines out of the first words of a name; "" out of none."""
    first = next(iter(name.values()), "")
    return re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-")[:40].rstrip("-")


def without_queue(doc: Doc, key: str) -> Doc:
    """The document without one queue."""
    found = deepcopy(doc)
    for department in listed(found.get("departments")):
        if isinstance(department, dict):
            kept = [q for q in listed(department.get("queues")) if mapped(q).get("key") != key]
            department["queues"] = kept
    return found


# --- the calendar ------------------------------------------------------------------------------------


def spans(given: str) -> list[str]:
    """Hours as people write them: "8:00-12:00, 13:00-17:00". What is none stays, for the check to say so."""
    found = []
    for part in re.split(r"[,;\n]", given):
        if not part.strip():
            continue
        match = _SPAN.fullmatch(part)
        found.append(
            f"{int(match[1]):02}:{match[2]}-{int(match[3]):02}:{match[4]}"
            if match
            else part.strip()
        )
    return found


def said(hours: Any) -> str:
    """Hours of a document as a form shows them."""
    return ", ".join(map(str, listed(hours)))


def calendar(tree: Tree, before: Doc) -> Doc:
    """A calendar as its form says, over the one that was there."""
    doc = deepcopy(before)
    hours = branch(tree, "hours")
    doc["hours"] = mapped(before.get("hours")) | {day: spans(text(hours, day)) for day in DAYS}
    given = branch(tree, "holidays")
    public = deepcopy(mapped(before.get("holidays")))
    for key in ("country", "subdivision"):
        put(public, key, text(given, key))
    if public.get("country"):
        public["observed"] = bool(texts(given, "observed"))
    put(doc, "holidays", public if public.get("country") else {})
    put(
        doc,
        "seasons",
        [_season(row, listed(before.get("seasons"))) for row in rows(tree, "seasons")],
    )
    extra = [
        _holiday(row, listed(before.get("extra_holidays"))) for row in rows(tree, "extra_holidays")
    ]
    put(doc, "extra_holidays", sorted(extra, key=_by_day))
    half = [_half_day(row, listed(before.get("half_days"))) for row in rows(tree, "half_days")]
    put(doc, "half_days", sorted(half, key=_by_day))
    return doc


def marked_calendar(doc: Any) -> Doc:
    """The document with marks on its rows."""
    found = deepcopy(mapped(doc))
    for key in ("seasons", "extra_holidays", "half_days"):
        for n, item in enumerate(listed(found.get(key))):
            if isinstance(item, dict):
                item[WAS] = str(n)
    return found


def _season(row: Tree, old: Sequence[Any]) -> Doc:
    doc = before_of(row, old)
    for key in ("name", "from", "to"):
        put(doc, key, text(row, key))
    given = branch(row, "hours")
    # A day that is left empty keeps the usual hours; a day off is written as a dash.
    doc["hours"] = {day: _off(written) for day in DAYS if (written := text(given, day))}
    return doc


def _off(written: str) -> list[str]:
    return [] if written in ("-", "–", "0") else spans(written)


def _holiday(row: Tree, old: Sequence[Any]) -> Doc:
    doc = before_of(row, old)
    for key in ("date", "name"):
        put(doc, key, text(row, key))
    return doc


def _half_day(row: Tree, old: Sequence[Any]) -> Doc:
    doc = before_of(row, old)
    put(doc, "date", text(row, "date"))
    put(doc, "hours", spans(text(row, "hours")))
    return doc


def _by_day(item: Doc) -> tuple[bool, str]:
    """Days in order; one that has no date yet stays at the end, where it was added."""
    return not item.get("date"), str(item.get("date", ""))


def dated(items: Iterable[Any]) -> list[Doc]:
    """Items of a list of days, as a form shows them."""
    return [item | {"date": str(item.get("date", ""))} for item in items if isinstance(item, dict)]
