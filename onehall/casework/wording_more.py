"""Words of the entries about what lies beside a case: files, parts, related cases, time and materials; and of ladders."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework.models import TimelineEntry
from onehall.kernel.localized import pick


def rung(entry: TimelineEntry) -> tuple[str, str]:
    """A step of the ladder: what it is about, and who was told."""
    late = entry.data.get("after") == "late"
    titles = {
        "first_response": (
            _("First response at risk: reminder"),
            _("First response late: reminder"),
        ),
        "on_site": (_("On site at risk: reminder"), _("On site late: reminder")),
    }
    promise = _("At risk: reminder"), _("The promise is over: reminder")
    title = titles.get(str(entry.data.get("target")), promise)[late]
    told = {
        "assignee": _("to whoever has it"),
        "supervisor": _("to the supervisors"),
        "head": _("to the head of the department"),
    }
    return title, told.get(str(entry.data.get("who")), "")


def _split(entry: TimelineEntry, language: str, default: str) -> tuple[str, str]:
    said = {"part": entry.data.get("part", "")}
    said["who"] = pick(entry.data.get("who", ""), language, default)
    return _("%(who)s also works on it: %(part)s") % said, ""


def _part(entry: TimelineEntry, language: str, default: str) -> tuple[str, str]:
    data = entry.data
    title = _("%(who)s, about: %(part)s") % {
        "who": pick(data.get("who", ""), language, default),
        "part": data.get("part", ""),
    }
    return title, pick(data.get("ended", ""), language, default)


def _part_of(entry: TimelineEntry, _language: str, _default: str) -> tuple[str, str]:
    return _("Split off %(number)s") % {"number": entry.data.get("parent", "")}, str(
        entry.data.get("part", "")
    )


def of_whole(data: Mapping[str, Any]) -> tuple[str, str]:
    """What a part hears of what a resident wrote: about the whole, and whether its people may read it."""
    kept = not data.get("words") and not data.get("photos")
    return _("A resident wrote about the whole case"), (
        _("Only the people of the whole case read the words. Ask them.") if kept else ""
    )


def _effort(entry: TimelineEntry, _language: str, _default: str) -> tuple[str, str]:
    data = entry.data
    title = _("Counted back") if data.get("corrects") else _("Written down")
    if data.get("kind") == "time":
        amount = _("%(n)s minutes") % {"n": abs(int(data.get("minutes", 0)))}
    else:
        amount = f"{data.get('quantity', '')} {data.get('unit', '')}".strip()
    return f"{title}: {data.get('label', '')}", amount


def _redistricted(entry: TimelineEntry, language: str, default: str) -> tuple[str, str]:
    def named(words: dict[str, str] | str) -> str:
        return pick(words, language, default) or _("no area")

    told = [
        f"{pick(c['label'], language, default)}: {named(c['from_name'])} → {named(c['to_name'])}"
        for c in entry.data.get("changes", [])
    ]
    return _("In another area since they were drawn anew"), "; ".join(told)


def _erased(entry: TimelineEntry, _language: str, _default: str) -> tuple[str, str]:
    """What was erased; nothing of it is said again."""
    names = {
        "contact": _("how people are reached"),
        "words": _("what residents wrote"),
        "photos": _("photos and files"),
    }
    what = [names[kind] for kind in entry.data.get("what", ()) if kind in names]
    return _("Erased under the city's rules"), ", ".join(what)


MORE: Final[dict[str, Callable[[TimelineEntry, str, str], tuple[str, str]]]] = {
    "file_added": lambda e, _l, _d: (_("File added"), str(e.data.get("title", ""))),
    "file_shared": lambda e, _l, _d: (_("A document from the city"), str(e.data.get("title", ""))),
    "file_hidden": lambda e, _l, _d: (_("File no longer shared"), str(e.data.get("title", ""))),
    "split": _split,
    "part": _part,
    "part_of": _part_of,
    "effort": _effort,
    "described": lambda _e, _l, _d: (_("Words for a photo"), ""),
    "held": lambda _e, _l, _d: (_("Held: nothing of it may be erased"), ""),
    "released": lambda _e, _l, _d: (_("No longer held"), ""),
    "erased": _erased,
    "related": lambda e, _l, _d: (_("Has to do with %(number)s") % e.data, ""),
    "unrelated": lambda e, _l, _d: (_("Has nothing to do with %(number)s") % e.data, ""),
    "redistricted": _redistricted,
    "file_removed": lambda e, _l, _d: (_("File removed"), str(e.data.get("title", ""))),
}
"""What each of these kinds says: title and detail, for a language and the city's first one."""
