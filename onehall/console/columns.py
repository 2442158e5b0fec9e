"""The columns of a list of cases: which there are, which are chosen, and what each shows of a case."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from onehall.casework import archived
from onehall.casework.models import TimelineEntry
from onehall.casework.queries import CaseLine
from onehall.console.desk import Desk
from onehall.console.statewords import channel_word
from onehall.insights.rollups import area_layer
from onehall.places import areas, wording

USUAL: Final = ("state", "people", "due", "with")
CHOICE: Final = (
    "number", "service", "place", "area", "queue", "state", "people", "age", "due", "with",
    "priority", "last", "channel", "thing", "came", "notes",
)  # fmt: skip
MOST: Final = 10
EXTRA: Final = frozenset({"area", "channel", "last", "thing", "notes"})
"""Columns that are not on the row of a case: one more question for a page."""
TOLD: Final = frozenset({"channel", "last", "notes"})
"""Those that the history tells: of archived cases they are read from the archive."""
SAID: Final = ("wrote", "replied", "noted", "called")


def words() -> dict[str, str]:
    """What each column is called."""
    return {
        "number": _("Number"),
        "service": _("Service"),
        "place": _("Place"),
        "area": _("Area"),
        "queue": _("Queue"),
        "state": _("State"),
        "people": _("People"),
        "age": _("Age"),
        "due": _("Promise"),
        "with": _("With"),
        "priority": _("Priority"),
        "last": _("Last message"),
        "channel": _("How it came"),
        "thing": _("Thing"),
        "came": _("Came in"),
        "notes": _("Notes"),
    }


def chosen(text: str) -> tuple[str, ...]:
    """Columns in their order out of an address; the usual ones when it names none that exist."""
    named = tuple(dict.fromkeys(c for c in text.split(",") if c in CHOICE))[:MOST]
    return named or USUAL


@dataclass(frozen=True, slots=True)
class Extra:
    """What the extra columns say of one case."""

    area: str = ""
    channel: str = ""
    last: str = ""
    last_at: datetime | None = None
    last_by_resident: bool = False
    kind: str = ""
    code: str = ""
    notes: int = 0

    @property
    def thing(self) -> str:
        """The thing with a number that the case is about."""
        return wording.asset(self.kind, self.code, "") if self.code else ""


EXTRA_SQL: Final = """
SELECT c.id, c.areas ->> %s, first.data ->> 'channel', said.words, said.at, said.actor_kind = 'resident',
  thing.kind, thing.code, c.archive_id,
  (SELECT count(*) FROM casework_timelineentry n WHERE n.case_id = c.id AND n.kind = 'noted')
FROM casework_case c
LEFT JOIN places_asset thing ON thing.id = c.asset_id
LEFT JOIN casework_timelineentry first ON first.case_id = c.id AND first.seq = 1
LEFT JOIN LATERAL (
  SELECT left(e.data ->> 'words', 160) AS words, e.at, e.actor_kind
  FROM casework_timelineentry e
  WHERE e.case_id = c.id AND e.kind IN ('wrote', 'replied', 'noted', 'called') AND e.data ? 'words'
  ORDER BY e.seq DESC LIMIT 1
) said ON true
WHERE c.city_id = %s AND c.id = ANY(%s)
"""


def extras(desk: Desk, cases: list[CaseLine], names: tuple[str, ...]) -> dict[int, Extra]:
    """What the extra columns say of a page's cases: one question, and none where no such column is chosen."""
    if not cases or not EXTRA & set(names):
        return {}
    layer = area_layer(desk.city)
    with connection.cursor() as cursor:
        cursor.execute(EXTRA_SQL, [layer, desk.city.id, [c.id for c in cases]])
        rows = cursor.fetchall()
    found = {
        pk: Extra(
            areas.label(desk.city, layer, code, get_language() or "en") if code else "",
            channel_word(channel) if channel else "",
            last or "",
            at,
            bool(by_resident),
            kind or "",
            number or "",
            notes,
        )
        for pk, code, channel, last, at, by_resident, kind, number, _archive, notes in rows
    }
    if TOLD & set(names):
        where = {row[0]: row[8] for row in rows if row[8] is not None}
        for pk, entries in archived.entries_of(where, desk.city.id).items():
            found[pk] = _with_archived(found[pk], entries)
    return found


def _with_archived(extra: Extra, entries: Sequence[TimelineEntry]) -> Extra:
    """The same with what the history of an archived case says."""
    said = next((e for e in reversed(entries) if e.kind in SAID and "words" in e.data), None)
    channel = str(entries[0].data.get("channel") or "") if entries else ""
    return replace(
        extra,
        channel=channel_word(channel) if channel else "",
        last=str(said.data["words"])[:160] if said else "",
        last_at=said.at if said else None,
        last_by_resident=said is not None and said.actor_kind == "resident",
        notes=sum(e.kind == "noted" for e in entries),
    )


def age(desk: Desk, case: CaseLine) -> str:
    """How long a case has been here, in words."""
    passed = desk.now - case.opened_at
    if passed.days:
        return ngettext("%(n)s day", "%(n)s days", passed.days) % {"n": passed.days}
    hours = max(0, passed.seconds // 3600)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
