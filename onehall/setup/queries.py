"""Reads about the set-up: the open draft, its files over those of the city, and the history."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from onehall.places.models import City
from onehall.setup import files, rules
from onehall.setup.models import ChangeEntry, Draft, DraftFile, Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file as the draft has it. `version` 0 means that the draft does not touch it.

    `city` is what is in force now, None for a file that is not there; `moved` says that it became
    another since the draft's change of it began.
    """

    path: str
    text: str | None
    city: str | None
    version: int = 0
    base: str | None = None
    by_name: str = ""
    at: datetime | None = None

    @property
    def kind(self) -> str:
        """Which kind of file it is."""
        found = rules.kind_of(self.path)
        return found.key if found else ""

    @property
    def in_draft(self) -> bool:
        """Whether the draft changes it."""
        return self.version > 0

    @property
    def moved(self) -> bool:
        """Whether the city changed the file underneath."""
        return self.in_draft and self.base != self.city

    @property
    def what(self) -> str:
        """What the draft does to it: "new", "changed", "removed", or "" for nothing."""
        if not self.in_draft:
            return ""
        if self.text is None:
            return "removed"
        return "changed" if self.city is not None else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """All editable files of a city with the open draft laid over them; `id` is None without a draft."""

    city_id: int
    id: int | None
    files: Mapping[str, FileView]

    @property
    def changed(self) -> list[FileView]:
        """The files that the draft changes, in order."""
        return [f for f in self.files.values() if f.in_draft]

    @property
    def texts(self) -> dict[str, str]:
        """The files as they would be published."""
        return {f.path: f.text for f in self.files.values() if f.text is not None}

    @property
    def touches_areas(self) -> bool:
        """Whether a file of `areas/` is changed, so that they must be read."""
        return any(f.kind == "area" for f in self.changed)

    @property
    def fingerprint(self) -> str:
        """Changes whenever a file of the draft does: what one looked at before publishing."""
        parts = [f"{self.id}", *(f"{f.path} {f.version}" for f in self.changed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def of_kind(self, kind: str) -> list[FileView]:
        """Files of one kind, removed ones too."""
        return [f for f in self.files.values() if f.kind == kind]


def open_draft(city: City) -> Draft | None:
    """The draft that is open, if one is."""
    return Draft.objects.filter(city=city, state=Draft.State.OPEN).first()


def draft_view(city: City) -> DraftView:
    """The city's files with the open draft over them; three queries, and those of the city once a revision.

    The city is read anew: a page may hold it as it was some seconds ago.
    """
    city = City.objects.get(pk=city.pk)
    draft = open_draft(city)
    rows = DraftFile.objects.filter(city=city, draft=draft) if draft else DraftFile.objects.none()
    return view_of(city, draft, list(rows.order_by("path")))


def view_of(city: City, draft: Draft | None, rows: list[DraftFile]) -> DraftView:
    """The same, of rows that are at hand."""
    now = files.texts(city)
    found = {path: FileView(path=path, text=text, city=text) for path, text in now.items()}
    for row in rows:
        found[row.path] = FileView(
            path=row.path,
            text=None if row.deleted else row.text,
            city=now.get(row.path),
            version=row.version,
            base=row.base,
            by_name=row.changed_by_name,
            at=row.changed_at,
        )
    return DraftView(
        city_id=city.pk,
        id=draft.pk if draft else None,
        files={path: found[path] for path in rules.in_order(list(found))},
    )


def file_view(city: City, path: str) -> FileView | None:
    """One file; None for one that is neither in the city nor in the draft."""
    return draft_view(city).files.get(path)


def contributors(draft: Draft) -> set[int | None]:
    """The ids of everybody who changed something in a draft."""
    rows = ChangeEntry.objects.filter(city_id=draft.city_id, draft=draft)
    return set(
        rows.exclude(kind=ChangeEntry.Kind.PUBLISHED).values_list("by", flat=True).distinct()
    )


def entries(
    city: City, *, by_name: str = "", path: str = "", before: int | None = None, most: int = 50
) -> list[ChangeEntry]:
    """Changes, the newest first; `before` is the id to go on from. The long texts are left out."""
    rows = ChangeEntry.objects.filter(city=city).select_related("publication")
    if by_name:
        rows = rows.filter(by_name=by_name)
    if path:
        rows = rows.filter(path=path)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.defer("before", "after").order_by("-pk")[:most])


def entry(city: City, pk: int) -> ChangeEntry | None:
    """One change with its texts."""
    return ChangeEntry.objects.filter(city=city, pk=pk).select_related("publication").first()


def authors(city: City, *, most: int = 200) -> list[str]:
    """Names of those who changed something."""
    rows = ChangeEntry.objects.filter(city=city).values_list("by_name", flat=True)
    return list(rows.distinct().order_by("by_name")[:most])


def publications(city: City, *, before: int | None = None, most: int = 20) -> list[Publication]:
    """Publications with how many files each changed, the newest first."""
    rows = Publication.objects.filter(city=city)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.annotate(files=models.Count("entries")).order_by("-pk")[:most])


def publication(city: City, pk: int) -> Publication | None:
    """One publication."""
    return Publication.objects.filter(city=city, pk=pk).first()


def entries_of(found: Publication) -> list[ChangeEntry]:
    """The changes of one publication, by file."""
    rows = ChangeEntry.objects.filter(city_id=found.city_id, publication=found)
    return list(rows.order_by("path", "pk"))
