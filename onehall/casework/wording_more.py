"""Words of the entries about what lies beside a case: files, parts, related cases, time and materials."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from onehall.casework.models import TimelineEntry
from onehall.kernel.localized import pick


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


MORE: Final[dict[str, Callable[[TimelineEntry, str, str], tuple[str, str]]]] = {
    "file_added": lambda e, _l, _d: (_("File added"), str(e.data.get("title", ""))),
    "file_shared": lambda e, _l, _d: (_("A document from the city"), str(e.data.get("title", ""))),
    "file_hidden": lambda e, _l, _d: (_("File no longer shared"), str(e.data.get("title", ""))),
    "split": _split,
    "part": _part,
    "part_of": _part_of,
    "effort": _effort,
    "described": lambda _e, _l, _d: (_("Words for a photo"), ""),
    "related": lambda e, _l, _d: (_("Has to do with %(number)s") % e.data, ""),
    "unrelated": lambda e, _l, _d: (_("Has nothing to do with %(number)s") % e.data, ""),
    "redistricted": _redistricted,
    "file_removed": lambda e, _l, _d: (_("File removed"), str(e.data.get("title", ""))),
}
"""What each of these kinds says: title and detail, for a language and the city's first one."""
