"""Every write to the draft of a city, and its publication."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework import migrating
from onehall.casework.errors import CaseworkRefused
from onehall.casework.migrating import Outlook, States
from onehall.catalog.models import FlowVersion
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.setup import applying, checking, files, queries, rules
from onehall.setup.applying import Author
from onehall.setup.errors import CityMoved, HasMistakes, MayNotSetUp, Overtaken, SetupRefused
from onehall.setup.models import ChangeEntry, Draft, DraftFile, Publication


def _require(by: Actor, city: City) -> None:
    if not by.sets_up or by.city_id != city.pk:
        raise MayNotSetUp(_("Only those who set up this city can do that."))


def _begin(city: City, by: Actor, now: datetime) -> tuple[City, Draft]:
    """The city as it is now and its open draft, both held until the end of the transaction."""
    _require(by, city)
    held = City.objects.select_for_update().get(pk=city.pk)
    draft = Draft.objects.filter(city=held, state=Draft.State.OPEN).first()
    return held, draft or Draft.objects.create(city=held, opened_at=now)


def _checked_path(path: str) -> rules.Kind:
    kind = rules.kind_of(path)
    if kind is None:
        words = _("“%(path)s” is no file that is changed here. Use small letters, digits, - and _.")
        raise SetupRefused(words % {"path": path})
    return kind


def _checked_text(kind: rules.Kind, text: str) -> str:
    text = rules.clean(text)
    if "\x00" in text:
        raise SetupRefused(_("There is a control character in the text. Delete it."))
    if not text.strip():
        raise SetupRefused(_("The file is empty. Write it, or remove the file."))
    if len(text) > kind.most:
        words = _("The file has %(count)s characters. Keep it to %(most)s.")
        raise SetupRefused(words % {"count": len(text), "most": kind.most})
    return text


def _require_seen(
    row: DraftFile | None, city_text: str | None, *, path: str, seen: int, mine: str
) -> None:
    version = row.version if row else 0
    if version == seen:
        return
    theirs = city_text if row is None else (None if row.deleted else row.text)
    raise Overtaken(
        _("Somebody else changed this file while you did. Nothing of yours is lost: compare both."),
        path=path,
        mine=mine,
        theirs=theirs,
        version=version,
        by_name=row.changed_by_name if row else "",
        at=row.changed_at if row else None,
    )


def _store(
    draft: Draft,
    row: DraftFile | None,
    *,
    path: str,
    text: str | None,
    city_text: str | None,
    by: Actor,
    now: datetime,
) -> DraftFile | None:
    """Put a text over a file, None to take it away; what is as in the city again leaves the draft."""
    base = row.base if row else city_text
    if text == city_text:
        if row is not None:
            row.delete()
        return None
    if row is None:
        if draft.files.count() >= rules.MAX_FILES:
            raise SetupRefused(
                _("The draft changes too many files. Publish or discard some first.")
            )
        row = DraftFile(city_id=draft.city_id, draft=draft, path=path, base=base, version=0)
    row.text, row.deleted = text or "", text is None
    row.version += 1
    row.changed_at, row.changed_by, row.changed_by_name = now, by.user_id, by.name[:200]
    row.save()
    return row


def _note(
    draft: Draft,
    kind: str,
    path: str,
    before: str | None,
    after: str | None,
    by: Actor,
    now: datetime,
) -> None:
    ChangeEntry.objects.create(
        city_id=draft.city_id,
        draft=draft,
        at=now,
        by=by.user_id,
        by_name=by.name[:200],
        kind=kind,
        path=path,
        before=before or "",
        after=after or "",
    )


def _row(draft: Draft, path: str) -> DraftFile | None:
    return DraftFile.objects.filter(city_id=draft.city_id, draft=draft, path=path).first()


def _text_now(row: DraftFile | None, city_text: str | None) -> str | None:
    if row is None:
        return city_text
    return None if row.deleted else row.text


@transaction.atomic
def save_file(*, city: City, path: str, text: str, seen: int, by: Actor, now: datetime) -> int:
    """Write a file into the draft; `seen` is the version that was edited. The new version, 0 when it is as the city's.

    `Overtaken` when somebody else wrote it in between.
    """
    _require(by, city)
    text = _checked_text(_checked_path(path), text)
    held, draft = _begin(city, by, now)
    row, city_text = _row(draft, path), files.texts(held).get(path)
    _require_seen(row, city_text, path=path, seen=seen, mine=text)
    before = _text_now(row, city_text)
    if before == text:
        return row.version if row else 0
    stored = _store(draft, row, path=path, text=text, city_text=city_text, by=by, now=now)
    _note(draft, ChangeEntry.Kind.SAVED, path, before, text, by, now)
    return stored.version if stored else 0


@transaction.atomic
def remove_file(*, city: City, path: str, seen: int, by: Actor, now: datetime) -> None:
    """Take a file away in the draft; what the city always needs stays."""
    _require(by, city)
    if _checked_path(path).needed:
        raise SetupRefused(_("A city cannot be without this file."))
    held, draft = _begin(city, by, now)
    row, city_text = _row(draft, path), files.texts(held).get(path)
    before = _text_now(row, city_text)
    _require_seen(row, city_text, path=path, seen=seen, mine=before or "")
    if before is None:
        raise SetupRefused(_("There is no such file."))
    _store(draft, row, path=path, text=None, city_text=city_text, by=by, now=now)
    _note(draft, ChangeEntry.Kind.REMOVED, path, before, None, by, now)


@transaction.atomic
def rename_file(*, city: City, path: str, to: str, seen: int, by: Actor, now: datetime) -> None:
    """Give a file another name of the same kind; its words stay as they are."""
    _require(by, city)
    kind = _checked_path(path)
    if kind.needed or _checked_path(to) != kind:
        raise SetupRefused(_("This file keeps its name, or gets another one of the same kind."))
    held, draft = _begin(city, by, now)
    now_there = files.texts(held)
    row, other = _row(draft, path), _row(draft, to)
    text = _text_now(row, now_there.get(path))
    _require_seen(row, now_there.get(path), path=path, seen=seen, mine=text or "")
    if text is None:
        raise SetupRefused(_("There is no such file."))
    if _text_now(other, now_there.get(to)) is not None:
        raise SetupRefused(_("There is a file with that name already."))
    _store(draft, row, path=path, text=None, city_text=now_there.get(path), by=by, now=now)
    _store(draft, other, path=to, text=text, city_text=now_there.get(to), by=by, now=now)
    _note(draft, ChangeEntry.Kind.RENAMED, path, text, None, by, now)
    _note(draft, ChangeEntry.Kind.RENAMED, to, None, text, by, now)


@transaction.atomic
def discard_file(*, city: City, path: str, seen: int, by: Actor, now: datetime) -> None:
    """Put one file back to what the city says. Its words stay in the history."""
    held, draft = _begin(city, by, now)
    row, city_text = _row(draft, path), files.texts(held).get(path)
    if row is None:
        raise SetupRefused(_("The draft does not change that file."))
    before = _text_now(row, city_text)
    _require_seen(row, city_text, path=path, seen=seen, mine=before or "")
    row.delete()
    _note(draft, ChangeEntry.Kind.DISCARDED, path, before, city_text, by, now)


@transaction.atomic
def keep_mine(*, city: City, path: str, seen: int, by: Actor, now: datetime) -> None:
    """Hold on to the draft's words of a file that the city changed underneath: they now stand over the new ones."""
    held, draft = _begin(city, by, now)
    row, city_text = _row(draft, path), files.texts(held).get(path)
    if row is None:
        raise SetupRefused(_("The draft does not change that file."))
    mine = _text_now(row, city_text)
    _require_seen(row, city_text, path=path, seen=seen, mine=mine or "")
    row.base = city_text
    _store(draft, row, path=path, text=mine, city_text=city_text, by=by, now=now)
    _note(draft, ChangeEntry.Kind.RESUMED, path, city_text, mine, by, now)


@transaction.atomic
def discard_draft(*, city: City, seen: str, by: Actor, now: datetime) -> int:
    """Throw the open draft away; how many files it changed. Every one stays in the history.

    `seen` is the fingerprint of the draft that was looked at.
    """
    held, draft = _begin(city, by, now)
    rows = list(DraftFile.objects.filter(city=held, draft=draft).order_by("path"))
    view = queries.view_of(held, draft, rows)
    _require_fingerprint(view, seen)
    for row in rows:
        text, city_text = _text_now(row, None), view.files[row.path].city
        _note(draft, ChangeEntry.Kind.DISCARDED, row.path, text, city_text, by, now)
    _close(draft, Draft.State.DISCARDED, now)
    return len(rows)


def _require_fingerprint(view: queries.DraftView, seen: str) -> None:
    if not view.changed:
        raise SetupRefused(_("The draft changes nothing."))
    if view.fingerprint != seen:
        raise SetupRefused(_("Somebody changed the draft since you looked. Look at it again."))


def _close(draft: Draft, state: str, now: datetime) -> None:
    draft.files.all().delete()
    draft.state, draft.closed_at = state, now
    draft.save(update_fields=["state", "closed_at"])


@transaction.atomic
def publish(*, city: City, seen: str, note: str, by: Actor, now: datetime) -> Publication:
    """Put the draft in force, with the code that applies a folder. All of it or nothing.

    Refused with mistakes, when the city changed underneath in the same files, when the draft is no longer
    what was looked at, and to the only author where the city wants two people.
    """
    if not by.may("publish"):
        raise MayNotSetUp(_("Only those who publish in this city can do that."))
    held, draft = _begin(city, by, now)
    rows = list(DraftFile.objects.filter(city=held, draft=draft).order_by("path"))
    view = queries.view_of(held, draft, rows)
    _require_fingerprint(view, seen)
    if moved := [f.path for f in view.changed if f.moved]:
        words = ngettext(
            "The city changed %(count)s of these files since. Look at it first.",
            "The city changed %(count)s of these files since. Look at them first.",
            len(moved),
        )
        raise CityMoved(words % {"count": len(moved)}, moved)
    if held.publishing.get("two_people") and queries.contributors(draft) <= {by.user_id}:
        raise SetupRefused(
            _("Two people are needed here: somebody else has to publish what you changed.")
        )
    checked = checking.check(held, view)
    if not checked.sound:
        raise HasMistakes(_("The draft has mistakes, so nothing was published."), checked.problems)
    author = Author(name=by.name, user_id=by.user_id, note=note.strip()[:2_000], draft=draft)
    after, _recounted = applying.apply_small(
        checked.pack, by=author, now=now, areas=view.touches_areas
    )
    if after.revision == held.revision:
        raise SetupRefused(
            _("The draft says the same as the city, in other words of the file only. Discard it.")
        )
    _close(draft, Draft.State.PUBLISHED, now)
    return Publication.objects.get(city=held, draft=draft)


def migrate_cases(
    *,
    city: City,
    case_ids: Sequence[int],
    version: FlowVersion,
    states: States,
    by: Actor,
    now: datetime,
) -> list[Outlook]:
    """Move open cases to another version of their flow, each for itself; what came of every one."""
    _require(by, city)
    found = []
    for case_id in case_ids:
        try:
            found.append(
                migrating.migrate_case(
                    city=city, case_id=case_id, version=version, states=states, by=by, now=now
                )
            )
        except CaseworkRefused as no:
            found.append(Outlook(number="", before="", after="", refused=str(no)))
    return found


def undo_migration(*, city: City, case_id: int, by: Actor, now: datetime) -> None:
    """Put a case back to the version it came from, as long as nothing has moved it since."""
    _require(by, city)
    try:
        migrating.undo_migration(city=city, case_id=case_id, by=by, now=now)
    except CaseworkRefused as no:
        raise SetupRefused(str(no)) from no
