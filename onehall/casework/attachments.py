"""Files of a case: checked, stored by content, for staff alone until somebody shares one with the residents."""

import re
import uuid
from datetime import datetime
from functools import partial
from typing import Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from onehall.casework import photos, steps
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Attachment, Case
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.kernel import cards, papers, storage
from onehall.kernel import photos as pictures
from onehall.people.actor import Actor
from onehall.people.permissions import Key
from onehall.places.models import City

MOST: Final = 30
"""Files that one case may have."""

MOST_AT_ONCE: Final = 5
"""Files of one upload."""

TITLE: Final = 120


def of_case(case: Case) -> list[Attachment]:
    """The files of a case, oldest first."""
    return list(case.attachments.filter(removed_at=None).order_by("created_at", "id")[:MOST])


def take_in(upload: bytes, *, city: City, title: str) -> Attachment:
    """Check, clean and store a file; unsaved row. Raises `CaseworkRefused` with the file's name.

    Takes long, so it comes before the transaction that holds a case.
    """
    name = title_of(title)
    if cards.card_number_in(title):
        words = _("The name of this file holds the number of a payment card. Give it another name.")
        raise CaseworkRefused(words)
    try:
        if papers.kind_of(upload) == "photo":
            data, kind, suffix, pages = pictures.accept(upload).jpeg, "photo", "jpg", 0
        else:
            found = papers.accept(upload, office=catalogue(city).attachments.office)
            data, kind, suffix, pages = found.data, found.kind, found.suffix, found.pages
    except (papers.PaperRefused, pictures.PhotoRefused) as no:
        raise CaseworkRefused(f"{name}: {no}") from no
    drawn = papers.first_page(data) if kind == "pdf" else None
    return Attachment(
        city_id=city.id,
        key=uuid.uuid4(),
        kind=kind,
        title=_with_suffix(name, suffix),
        name=storage.put(data, suffix),
        preview_name=storage.put(drawn, "jpg") if drawn else "",
        size=len(data),
        pages=pages,
    )


def title_of(name: str) -> str:
    """A file's name as it was sent, without folders and without signs that mean something elsewhere."""
    last = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[\x00-\x1f\x7f<>:\"|?*\u202a-\u202e\u2066-\u2069]", "", last)
    return " ".join(plain.split()).strip(". ")[:TITLE] or _("file")


def _with_suffix(name: str, suffix: str) -> str:
    """The name with the ending that fits what the file is, whatever it was called."""
    stem, dot, end = name.rpartition(".")
    stem = stem if dot and len(end) <= 5 else name
    return f"{stem[: TITLE - len(suffix) - 1]}.{suffix}"


@transaction.atomic
def add(
    *,
    city: City,
    case_id: int,
    files: list[Attachment],
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> list[Attachment]:
    """Hang files that `take_in` accepted onto a case. The same file twice is kept once."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "add_files")
    known = {row.name: row for row in of_case(case)}
    fresh, kept = [], []
    for file in files:
        if file.name in known:
            kept.append(known[file.name])
            continue
        if len(known) >= MOST:
            raise MoveRefused(_("A case can have %(n)s files. Remove one first.") % {"n": MOST})
        file.case_id, file.created_at = case.pk, now
        file.created_by_id, file.by_name = by.user_id, by.name
        file.save(force_insert=True)
        known[file.name] = file
        kept.append(file)
        fresh.append(file)
    if fresh:
        _say(case, "file_added", *fresh, by=by, now=now)
    return kept


@transaction.atomic
def share(
    *,
    city: City,
    case_id: int,
    file_id: int,
    by: Actor,
    now: datetime,
    words: str = "",
    seen: int | None = None,
) -> Attachment:
    """Show a file to everybody who follows the case, with a line if wanted; they are told by mail."""
    words = steps.text_of(words) if words.strip() else ""
    case, file = _locked(city, case_id, file_id, "share_files", by=by, seen=seen)
    if file.shared:
        return file
    file.shared = True
    file.save(update_fields=["shared"])
    _say(case, "file_shared", file, by=by, now=now, words=words)
    return file


@transaction.atomic
def unshare(
    *,
    city: City,
    case_id: int,
    file_id: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Attachment:
    """Take a file off the residents' pages; addresses handed out before stop working."""
    case, file = _locked(city, case_id, file_id, "share_files", by=by, seen=seen)
    if not file.shared:
        return file
    file.shared, file.key = False, uuid.uuid4()
    file.save(update_fields=["shared", "key"])
    _say(case, "file_hidden", file, by=by, now=now)
    return file


@transaction.atomic
def remove(
    *,
    city: City,
    case_id: int,
    file_id: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Remove a file for good; that it was there stays on the timeline."""
    case, file = _locked(city, case_id, file_id, "add_files", by=by, seen=seen)
    file.removed_at, file.shared, file.key = now, False, uuid.uuid4()
    file.save(update_fields=["removed_at", "shared", "key"])
    _say(case, "file_removed", file, by=by, now=now)
    for name in filter(None, (file.name, file.preview_name)):
        transaction.on_commit(partial(_forget, name))


def _locked(
    city: City, case_id: int, file_id: int, key: Key, *, by: Actor, seen: int | None
) -> tuple[Case, Attachment]:
    """A case that somebody may do this with, and one file of it; Attachment.DoesNotExist."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, key)
    return case, case.attachments.select_for_update().get(pk=file_id, removed_at=None)


def _say(
    case: Case, kind: str, *files: Attachment, by: Actor, now: datetime, words: str = ""
) -> None:
    """One entry a file, with the words that go along."""
    more = {"words": words} if words else {}
    entries = [
        NewEntry(kind=kind, data={"file": file.pk, "title": file.title} | more) for file in files
    ]
    steps.finish(case, entries, by=by, now=now)


def _forget(name: str) -> None:
    """Delete the stored file unless another row has the same bytes."""
    named = models.Q(name=name) | models.Q(preview_name=name)
    used = Attachment.objects.filter(named, removed_at=None).exists()
    if not used and not photos.is_named(name):
        storage.delete(name)
