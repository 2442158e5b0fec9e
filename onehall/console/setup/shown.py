"""How files, mistakes and changes of the set-up are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.kernel import yamlfile
from onehall.kernel.localized import pick
from onehall.kernel.yamlfile import PackProblem, Problems
from onehall.people.serving import is_about_people
from onehall.places.rows import Change
from onehall.setup import rules
from onehall.setup.models import ChangeEntry
from onehall.setup.queries import DraftView, FileView

KINDS: Final[Mapping[str, Any]] = {
    "city": gettext_lazy("The city"),
    "calendar": gettext_lazy("Calendar"),
    "departments": gettext_lazy("Departments and queues"),
    "bodies": gettext_lazy("Outside bodies"),
    "groups": gettext_lazy("Groups of services"),
    "service": gettext_lazy("Services"),
    "flow": gettext_lazy("Flows"),
    "reply": gettext_lazy("Prepared answers"),
    "billing": gettext_lazy("Bills and payments"),
    "fees": gettext_lazy("Fee schedules"),
    "area": gettext_lazy("Areas"),
}
FORMS: Final = {
    "service": "console:setup-service",
    "flow": "console:setup-flow",
    "reply": "console:setup-answer",
}
"""Kinds of files that have a form, with its address."""
ONLY: Final[dict[str, str]] = {
    "departments": "console:setup-departments",
    "calendar": "console:setup-calendar",
    "city": "console:setup-city",
}
"""The same for kinds of which there is one file."""

DONE: Final[Mapping[str, Any]] = {
    ChangeEntry.Kind.SAVED: gettext_lazy("Saved"),
    ChangeEntry.Kind.RENAMED: gettext_lazy("Renamed"),
    ChangeEntry.Kind.REMOVED: gettext_lazy("Removed"),
    ChangeEntry.Kind.DISCARDED: gettext_lazy("Discarded"),
    ChangeEntry.Kind.RESUMED: gettext_lazy("Kept over the city's change"),
    ChangeEntry.Kind.PUBLISHED: gettext_lazy("Published"),
    ChangeEntry.Kind.LIVE: gettext_lazy("Changed at once"),
}
WHAT: Final[Mapping[str, Any]] = {
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "removed": gettext_lazy("removed"),
}
TONES: Final = {"new": "done", "changed": "work", "removed": "no"}
CHANGES: Final[Mapping[str, Any]] = {
    "add": gettext_lazy("comes"),
    "change": gettext_lazy("changes"),
    "remove": gettext_lazy("goes"),
}
CHANGE_TONES: Final = {"add": "done", "change": "work", "remove": "no"}


@dataclass(frozen=True, slots=True)
class Told:
    """A mistake with the page where it is mended; `people` where that is the page of who works here."""

    problem: PackProblem
    href: str
    name: str
    people: str = ""


def stem(path: str) -> str:
    """The name of a file without folder and ending."""
    return path.rpartition("/")[2].partition(".")[0]


def name_of(path: str, text: str | None, language: str, default: str) -> str:
    """What a file is about, in words: the name it gives itself, or its file name."""
    kind = rules.kind_of(path)
    if text and kind and kind.key in (*FORMS, "fees"):
        node = yamlfile.parse(text, file=path, problems=Problems())
        found = node.child("name") if node.kind == "mapping" else None
        if found is not None:
            words = found.as_localized((default, language))
            return pick(words, language, default) or stem(path)
    if kind and kind.key not in (*FORMS, "fees", "area"):
        return str(KINDS[kind.key])
    return stem(path)


def text_url(path: str, line: int | None = None) -> str:
    """The text view of a file, at a line."""
    address = reverse("console:setup-text", args=[path])
    return f"{address}?line={line}#text" if line else address


def edit_url(file: FileView) -> str:
    """Where a file is edited: its form, or its text."""
    if file.kind in FORMS and file.text is not None:
        return reverse(FORMS[file.kind], args=[stem(file.path)])
    if file.kind == "area" and file.text is not None:
        return reverse("console:setup-layer", args=[stem(file.path)])
    if file.kind in ONLY and file.text is not None:
        return reverse(ONLY[file.kind])
    return text_url(file.path)


def people_url(message: str) -> str:
    """Where people get their queues, for a mistake or a warning about them; else ""."""
    return reverse("console:people") if is_about_people(message) else ""


def told(
    problems: Iterable[PackProblem], view: DraftView, language: str, default: str
) -> list[Told]:
    """Mistakes with where they are mended."""
    found = []
    for problem in problems:
        file = view.files.get(problem.file)
        name = name_of(problem.file, file.text if file else None, language, default)
        href = text_url(problem.file, problem.line) if file else ""
        found.append(Told(problem, href, name, people_url(problem.message)))
    return found


def file_row(file: FileView, language: str, default: str) -> dict[str, Any]:
    """A file of the draft in a list: what, who, when, how many lines, and the difference."""
    before, after = file.city or "", file.text or ""
    plus, minus = rules.counted(before, after) if file.in_draft else (0, 0)
    kind = file.kind
    return {
        "file": file,
        "name": name_of(file.path, file.text or file.city, language, default),
        "kind": KINDS.get(kind, ""),
        "what": WHAT.get(file.what, ""),
        "tone": TONES.get(file.what, "hold"),
        "edit": edit_url(file),
        "text": text_url(file.path),
        "plus": plus,
        "minus": minus,
        "before": before,
        "after": after,
    }


def change_row(change: Change | Mapping[str, Any]) -> dict[str, Any]:
    """One thing that publishing does, with its mark."""
    given = change if isinstance(change, Mapping) else vars_of(change)
    return {
        "word": CHANGES[given["kind"]],
        "tone": CHANGE_TONES[given["kind"]],
        "what": given["what"],
        "name": given["name"],
        "detail": given.get("detail", ""),
    }


def vars_of(change: Change) -> dict[str, str]:
    """A change as plain values."""
    return {"kind": change.kind, "what": change.what, "name": change.name, "detail": change.detail}


def entry_row(entry: ChangeEntry) -> dict[str, Any]:
    """One entry of the history."""
    tone = {"published": "done", "discarded": "no", "removed": "no"}.get(entry.kind, "work")
    return {"entry": entry, "done": DONE.get(entry.kind, entry.kind), "tone": tone}


def said(words: Mapping[str, str] | str | None, language: str, default: str) -> str:
    """Localized words of a document that may be half written."""
    return pick(words, language, default) if words else _("(no name)")
