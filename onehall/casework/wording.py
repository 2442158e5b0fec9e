"""What a timeline entry says, in the reader's language: built when read, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.models import Case, TimelineEntry
from onehall.casework.wording_more import MORE, of_whole, rung
from onehall.catalog import replies
from onehall.catalog.flows import FlowDefinition
from onehall.kernel.localized import pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as a reader sees it. `category` gives the glyph; `words` are somebody's own.

    `also` is the same in other languages as (code, words), for staff alone.
    """

    seq: int
    at: datetime
    title: str
    category: str
    who: str = ""
    words: str = ""
    detail: str = ""
    staff_only: bool = False
    by_staff: bool = False
    photo_ids: tuple[int, ...] = ()
    link_number: str = ""
    can_undo_join: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what the words need: flow, queue names, language, whether staff.

    `own` are the values of the variables that are the reader's alone (`replies.OF_READER`).
    """

    flow: FlowDefinition
    language: str
    default_language: str
    queue_names: dict[int, str]
    staff: bool
    own_number: str = ""
    own: Mapping[str, str] = field(default_factory=dict)

    def text(self, words: dict[str, str] | str) -> str:
        """Localized words in the reader's language."""
        return pick(words, self.language, self.default_language)


CHANNELS = {
    "web": lambda: _("on the web"),
    "phone": lambda: _("by phone"),
    "staff": lambda: _("by our own staff"),
    "api": lambda: _("through another app"),
    "import": lambda: _("in the former system"),
    "follow": lambda: _("on the web"),
}


def line_of(entry: TimelineEntry, case: Case, reader: Reader, category: str) -> Line:  # noqa: ARG001  (the callers' words for it)
    """One entry in words. `category` is the category the case had after it."""
    data = entry.data
    title, detail = _title(entry, reader)
    if data.get("erased"):
        detail = _("What stood here was erased under the city's rules.")
    return Line(
        seq=entry.seq,
        at=entry.at,
        title=title,
        detail=detail,
        category=category,
        who=entry.actor_name,
        words=_words(entry, reader),
        staff_only=not entry.public,
        by_staff=entry.actor_kind == "staff",
        photo_ids=_photos(data),
        link_number=_linked(entry) if reader.staff else "",
        can_undo_join=entry.kind == "joined" and "case" in data,
        data=data,
        also=_also(entry) if reader.staff else (),
    )


def lines(entries: list[TimelineEntry], case: Case, reader: Reader) -> list[Line]:
    """Entries (newest first) in words, newest first, each with the category of its moment."""
    category = reader.flow.states[reader.flow.start].category
    found: list[Line] = []
    said = {e.seq for e in entries if e.data.get("purpose") in ("accept", "dispute")}
    gone = frozenset[int]() if reader.staff else taken_back(entries)
    for entry in reversed(entries):
        if entry.kind == "verdict" and "rating" not in entry.data and entry.seq - 1 in said:
            # The move before it says the same.
            continue
        if entry.kind in ("moved", "migrated", "changed", "undone"):
            target = reader.flow.states.get(str(entry.data.get("to")))
            category = target.category if target else category
        if entry.seq not in gone:
            found.append(line_of(entry, case, reader, category))
    return found[::-1]


def taken_back(entries: list[TimelineEntry]) -> frozenset[int]:
    """The numbers of what was undone and of the undoing: to residents it is as if it had not been."""
    found: set[int] = set()
    for entry in entries:
        if entry.kind == "undone":
            found |= {entry.seq, *range(entry.data["first"], entry.data["last"] + 1)}
    return frozenset(found)


def _words(entry: TimelineEntry, reader: Reader) -> str:
    """Somebody's own words. What a resident wrote is for the staff, not for the other followers."""
    data = entry.data
    own = bool(reader.own_number) and data.get("number") == reader.own_number
    if entry.actor_kind == "resident" and not reader.staff and not own:
        return ""
    words = str(_in_languages(data).get(reader.language) or data.get("words", ""))
    words = str(data.get("words", "")) if reader.staff else words
    if entry.actor_kind == "staff":
        words = replies.read_by(words, _blanks() if reader.staff else reader.own)
    return words or str(data.get("reason", "")) or reader.text(data.get("said", ""))


def _in_languages(data: dict[str, Any]) -> dict[str, Any]:
    """What was written in other languages beside `words`, by code."""
    found = data.get("words_in")
    return found if isinstance(found, dict) else {}


def _also(entry: TimelineEntry) -> tuple[tuple[str, str], ...]:
    found = _in_languages(entry.data)
    return tuple((code, replies.read_by(str(text), _blanks())) for code, text in found.items())


def _blanks() -> dict[str, str]:
    """What staff read where each resident reads their own."""
    return {
        "first_name": _("[first name]"),
        "number": _("[number of the report]"),
        "link": _("[link to the report]"),
    }


def _photos(data: dict[str, Any]) -> tuple[int, ...]:
    """Photos an entry shows; one of somebody who follows has only their count."""
    named = data.get("photos")
    if isinstance(named, list):
        return tuple(int(pk) for pk in named)
    return (int(data["photo"]),) if "photo" in data else ()


def _linked(entry: TimelineEntry) -> str:
    """The number of the other case that a join or its undoing is about."""
    if entry.kind not in ("joined", "unjoined"):
        return ""
    data = entry.data
    return str(data.get("into") or data.get("from") or data.get("number", ""))


def _title(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    more = MORE.get(entry.kind)
    if more is not None:
        return more(entry, reader.language, reader.default_language)
    maker = globals().get(f"_say_{entry.kind}")
    return maker(entry, reader) if maker else (entry.kind, "")


def _say_received(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    how = CHANNELS.get(str(entry.data.get("channel")), CHANNELS["web"])()
    if reader.staff and (side := entry.data.get("side")):
        told = _("They said which side: %(name)s") % {"name": reader.text(side.get("name", ""))}
        return _("Received"), f"{how}. {told}"
    return _("Received"), how


def _say_undone(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    what = UNDONE.get(str(entry.data.get("what")), lambda: _("the act before"))()
    return _("Taken back: %(what)s") % {"what": what}, _("Nobody was told of it.")


UNDONE = {
    "assign": lambda: _("who has it"),
    "queue": lambda: _("the other queue"),
    "priority": lambda: _("the priority"),
    "reply": lambda: _("the message to the residents"),
    "note": lambda: _("the note"),
    "move": lambda: _("the step"),
}


def _say_imported(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Taken over from the former system"), str(entry.data.get("department", ""))


def _say_routed(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    queue = reader.queue_names.get(entry.data.get("queue", 0), "")
    because = reader.text(entry.data.get("because", ""))
    if entry.data.get("by_person"):
        return _("Passed on to %(queue)s") % {"queue": queue}, because
    return _("Sent to %(queue)s") % {"queue": queue}, because


def _say_changed(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    name = reader.text(entry.data.get("name", ""))
    return _("Handled as: %(service)s") % {"service": name}, str(entry.data.get("because", ""))


def _say_handed(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    name = reader.text(entry.data.get("name", ""))
    phone = str(entry.data.get("phone", ""))
    does = reader.text(entry.data.get("does", ""))
    return _("Handed over to %(name)s") % {"name": name}, " ".join(x for x in (does, phone) if x)


def _say_outside(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    said = {
        "asked": _("Asked of %(name)s"),
        "opened": _("%(name)s has looked at it"),
        "accepted": _("%(name)s has taken it on"),
        "done": _("%(name)s says it is done"),
        "not_ours": _("%(name)s says it is not theirs"),
        "wrote": _("%(name)s wrote"),
        "reminded": _("%(name)s was reminded"),
        "withdrawn": _("Taken back from %(name)s"),
    }
    name = reader.text(entry.data.get("name", ""))
    what = said.get(str(entry.data.get("what")), said["wrote"])
    detail = _("We look at it next.") if entry.data.get("what") in ("done", "not_ours") else ""
    return what % {"name": name}, detail


def _say_moved(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    data = entry.data
    purpose = data.get("purpose", "")
    if purpose == "settle":
        return _("Taken as fixed"), _("No answer came within the time we gave.")
    if purpose == "dispute":
        return _("A resident said it is not fixed"), _("The case is open again.")
    if purpose == "accept":
        return _("A resident said it is fixed"), ""
    state = reader.flow.states.get(str(data.get("to")))
    title = reader.text(state.label) if state else str(data.get("to", ""))
    outcome = reader.flow.outcomes.get(str(data.get("outcome", "")))
    detail = reader.text(outcome.label) if outcome else ""
    if data.get("handed_to"):
        detail = _("Now with %(who)s") % {"who": data["handed_to"]}
    if detail == title:
        detail = ""
    return title, detail


def _say_replied(_entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Message from the city"), ""


def _say_noted(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Note by %(name)s") % {"name": entry.actor_name or _("the system")}, ""


def _say_wrote(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    data = entry.data
    if "whole" in data:
        return of_whole(data)
    own = bool(reader.own_number) and data.get("number") == reader.own_number
    count = len(data.get("photos", ()))
    if data.get("words") or not count:
        return (_("You wrote") if own else _("A resident wrote")), ""
    if own:
        said = ngettext("You sent %(n)s photo", "You sent %(n)s photos", count)
    else:
        said = ngettext("A resident sent %(n)s photo", "A resident sent %(n)s photos", count)
    return said % {"n": count}, ""


def _say_called(_entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("We talked on the phone"), ""


def _say_assigned(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    name = entry.data.get("name")
    return (_("Given to %(name)s") % {"name": name} if name else _("Given back to the queue")), ""


def _say_priority(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    names = {0: _("normal"), 1: _("high"), 2: _("urgent")}
    return _("Priority is now %(priority)s") % {"priority": names[entry.data["to"]]}, ""


def _say_promised(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    whys = {
        "calendar": _("The working days of the city changed."),
        "service": _("The time that we promise for this changed."),
        "place": _("The place was corrected."),
        "areas": _("The areas of the city were drawn anew."),
        "changed": _("It is handled as something else now."),
    }
    return _("New expected date"), whys.get(str(entry.data.get("why")), "")


def _say_joined(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    data = entry.data
    if "into" in data:
        title = _("Joined with %(number)s") % {"number": data["into"]}
        return title, _(
            "Both are about the same thing. You keep your number and hear of everything."
        )
    if not reader.staff:
        return _("Someone else told us too"), _people(data)
    return _("Report %(number)s joined") % {"number": data.get("number", "")}, _people(data)


def _say_unjoined(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    if "from" in entry.data:
        title = _("Apart again from %(number)s") % {"number": entry.data["from"]}
        return title, _("They are not about the same thing after all. This one goes on by itself.")
    if not reader.staff:
        return _("A report was taken apart from this one"), ""
    return _("Report %(number)s taken apart") % {"number": entry.data.get("number", "")}, ""


def _say_followed(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Someone else told us too"), _people(entry.data)


def _say_photo(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    if entry.data.get("as") == "after":
        return _("Photo of the work"), ""
    return _("Photo added"), ""


def _say_redacted(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    if "public" in entry.data:
        shown = entry.data["public"]
        return (_("Photo shown to followers") if shown else _("Photo hidden")), ""
    return _("Photo made unreadable in places"), ""


def _say_looked(_entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Original photo looked at"), ""


def _say_rerouted(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Place corrected"), str(entry.data.get("place_to", ""))


def _say_verdict(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    data = entry.data
    if "rating" in data:
        return _("Rated %(n)s of 5") % {"n": data["rating"]}, ""
    return (_("Answer: fixed") if data.get("fixed") else _("Answer: not fixed")), ""


def _task(entry: TimelineEntry, reader: Reader) -> str:
    """The name of the task that an entry is about."""
    label = entry.data.get("label")
    found = reader.flow.task(str(entry.data.get("task")))
    if label is None and found is not None:
        label = found[1].label
    return reader.text(label) if label else _("Task")


def _say_task_opened(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    queue = reader.queue_names.get(entry.data.get("queue", 0), "")
    return _("To do: %(task)s") % {"task": _task(entry, reader)}, queue


def _say_task_taken(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    task, name = _task(entry, reader), entry.data.get("name")
    if name:
        return _("%(name)s has it: %(task)s") % {"name": name, "task": task}, ""
    return _("Given back: %(task)s") % {"task": task}, ""


def _say_task_done(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    found = reader.flow.task(str(entry.data.get("task")))
    join = found[0].join if found else None
    outcome = join.outcome(str(entry.data.get("outcome"))) if join else None
    detail = reader.text(outcome.label) if outcome else ""
    return _("Done: %(what)s.") % {"what": _task(entry, reader)}, detail


def _say_task_skipped(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    return _("Skipped: %(task)s") % {"task": _task(entry, reader)}, ""


def _say_task_cancelled(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    return _("No longer needed: %(task)s") % {"task": _task(entry, reader)}, ""


def _say_notified(_entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return _("Message from the city"), ""


def _say_reminded(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    if "ladder" in entry.data:
        return rung(entry)
    if entry.data.get("to") == "resident":
        return _("We reminded you"), ""
    return _("Reminder to the team"), ""


def _say_escalated(entry: TimelineEntry, reader: Reader) -> tuple[str, str]:
    if "ladder" in entry.data:
        return rung(entry)
    queue = reader.queue_names.get(entry.data.get("queue", 0), "")
    return _("Escalated"), queue


def _say_clock(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    return (
        _("The clock runs again") if entry.data.get("running") else _("The clock stands still")
    ), ""


def _say_migrated(entry: TimelineEntry, _reader: Reader) -> tuple[str, str]:
    data = {"n": entry.data.get("number", "")}
    if entry.data.get("undone"):
        return _("Put back to version %(n)s of its flow") % data, ""
    return _("Moved to version %(n)s of its flow") % data, ""


def _people(data: dict[str, Any]) -> str:
    count = int(data.get("people", 0))
    if not count:
        return ""
    return ngettext(
        "%(n)s person follows this case now.", "%(n)s people follow this case now.", count
    ) % {"n": count}
