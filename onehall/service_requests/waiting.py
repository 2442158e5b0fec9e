"""Reports that wait on disk while the database is away: each a folder of its own, whole or not there at all.

    DATA/waiting/new/<key>/report.json, 0, 1, ...    a report and its photos, as the form sent them
    DATA/waiting/new/<key>/staff                     where somebody of the staff filled it in
    DATA/waiting/refused/<key>/..., why.json         one that could not be recorded as it is
    DATA/waiting/dropped/<key>/..., why.json         one that the operator put away

The key is the form's own: sending twice is the same folder, and later the same record.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile

NEW: Final = "new"
REFUSED: Final = "refused"
DROPPED: Final = "dropped"
KINDS: Final = (NEW, REFUSED, DROPPED)
ASIDE_DAYS: Final = 30
"""For how long somebody can come back to what was refused, and the operator to what was dropped."""
LEAST_FREE: Final = 1024**3
"""Bytes that stay free on the disk."""
MOST_FILES: Final = 12
WHY: Final = "why.json"
STAFF: Final = "staff"
"""A file beside one that somebody of the staff filled in, so that those are found without reading the others."""


class NoRoom(Exception):
    """So many wait already, or the disk is so full, that no other is taken."""


class Damaged(Exception):
    """What lies in the folder of a report is not what was written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who of the staff filled it in: the keys of the user and of the city, their name, whether for somebody who called."""

    user: int
    city: int
    name: str
    call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as the form sent it. `fields` may name one several times; `files` are name, type and bytes.

    `agent` is who of the staff filled it in, None for a resident.
    """

    key: uuid.UUID
    service: str
    host: str
    secure: bool
    language: str
    received_at: datetime
    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)
    agent: Agent | None = None

    def uploads(self) -> list[SimpleUploadedFile]:
        """Its photos as a form has them."""
        return [SimpleUploadedFile(name, data, kind) for name, kind, data in self.files]


def home() -> Path:
    """Where they wait."""
    return Path(settings.WAITING_DIR)


def _folder(kind: str) -> Path:
    """One of the two folders, made where it is not there yet; only the owner of the process reads in it."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    (home() / kind).mkdir(exist_ok=True, mode=0o700)
    return home() / kind


def keep(report: Report, uploads: Iterable["UploadedFile[bytes]"]) -> None:
    """Write a report with its photos to the disk so that it survives a power cut. Raises `NoRoom`."""
    folder = _folder(NEW)
    if (folder / str(report.key)).exists():
        return
    many = sum(1 for _ in _scan(NEW))
    if many >= settings.WAITING_MOST or shutil.disk_usage(folder).free < LEAST_FREE:
        raise NoRoom
    making = folder / f".{secrets.token_hex(8)}"
    making.mkdir(mode=0o700)
    try:
        _write(making, report, uploads)
        try:
            making.rename(folder / str(report.key))
        except OSError:
            # The same form was sent twice at once: the other one is there.
            if not (folder / str(report.key)).exists():
                raise
        _sync(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(folder: Path, report: Report, uploads: Iterable["UploadedFile[bytes]"]) -> None:
    named = []
    for number, upload in enumerate(uploads):
        if number < MOST_FILES:
            named.append((str(upload.name), str(upload.content_type or "")))
            # Somebody may have read it before the database was lost.
            upload.seek(0)
            _put(folder / str(len(named) - 1), upload.read())
    said: dict[str, Any] = {
        "service": report.service,
        "host": report.host,
        "secure": report.secure,
        "language": report.language,
        "received_at": report.received_at.isoformat(),
        "fields": report.fields,
        "files": named,
    }
    if report.agent is not None:
        said["agent"] = asdict(report.agent)
        _put(folder / STAFF, b"")
    _put(folder / "report.json", json.dumps(said, ensure_ascii=False).encode())
    _sync(folder)


def _put(path: Path, data: bytes) -> None:
    line = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(line, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    line = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)


def _scan(kind: str) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(home() / kind) as found:
        for entry in found:
            if _uuid(entry.name) is not None:
                yield entry


def _uuid(name: str) -> uuid.UUID | None:
    """The key that a folder is named by; None for what is no report's folder."""
    try:
        key = uuid.UUID(name)
    except ValueError:
        return None
    return key if name == str(key) else None


def keys(kind: str = NEW) -> list[uuid.UUID]:
    """Those that wait (or were put aside), the oldest first."""
    aged = []
    for entry in _scan(kind):
        # The worker may have recorded it just now.
        with contextlib.suppress(FileNotFoundError):
            aged.append((entry.stat().st_mtime, entry.name))
    return [uuid.UUID(name) for _age, name in sorted(aged)]


def of_staff(city: int, kind: str = REFUSED) -> list[Report]:
    """Those that the staff of a city filled in, the oldest first, without their photos; damaged ones are left out."""
    found = []
    for entry in _scan(kind):
        # Asked for with every inbox: of those that residents sent, and there may be thousands, only this is looked at.
        if os.path.exists(f"{entry.path}/{STAFF}"):  # noqa: PTH110  (a path object costs more than the question)
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                said = json.loads(Path(entry.path, "report.json").read_bytes())
                found.append(_report(uuid.UUID(entry.name), said, None))
    mine = [one for one in found if one.agent is not None and one.agent.city == city]
    return sorted(mine, key=lambda one: one.received_at)


def is_kept(key: uuid.UUID, kind: str = NEW) -> bool:
    """Whether a report waits (or was put aside)."""
    return (home() / kind / str(key)).is_dir()


def kind_of(key: uuid.UUID) -> str | None:
    """In which of the folders a report lies; None when it does in none."""
    return next((kind for kind in KINDS if is_kept(key, kind)), None)


def read(key: uuid.UUID, kind: str = NEW) -> Report | None:
    """A report that waits (or was put aside); None when it does not any more. Raises `Damaged`."""
    folder = home() / kind / str(key)
    try:
        return _report(key, json.loads((folder / "report.json").read_bytes()), folder)
    except FileNotFoundError:
        if folder.is_dir():
            raise Damaged from None
        return None
    except (ValueError, TypeError, KeyError, IsADirectoryError) as error:
        raise Damaged from error


def _report(key: uuid.UUID, said: dict[str, Any], folder: Path | None) -> Report:
    """What was kept; without its files where no folder is given."""
    files = [
        (name, content, (folder / str(number)).read_bytes())
        for number, (name, content) in enumerate(said["files"] if folder is not None else ())
        if folder is not None
    ]
    return Report(
        key=key,
        service=said["service"],
        host=said["host"],
        secure=said["secure"],
        language=said["language"],
        received_at=datetime.fromisoformat(said["received_at"]),
        fields=tuple((name, value) for name, value in said["fields"]),
        files=tuple(files),
        agent=Agent(**said["agent"]) if "agent" in said else None,
    )


def forget(key: uuid.UUID, kind: str = NEW) -> None:
    """Delete one: it is recorded, or too old."""
    shutil.rmtree(home() / kind / str(key), ignore_errors=True)


def put_aside(key: uuid.UUID, kind: str, *, why: str) -> None:
    """Move one that waits or was refused to those refused, or dropped. `why` holds nothing of what was typed."""
    found = kind_of(key)
    if found is None:
        return
    note = home() / found / str(key) / WHY
    # On a full disk it is put aside all the same.
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)
        _put(note, json.dumps({"why": why}, ensure_ascii=False).encode())
    with contextlib.suppress(FileNotFoundError):
        _move(key, found, kind)


def take_back(key: uuid.UUID) -> None:
    """Let one that was refused or dropped wait once more."""
    found = kind_of(key)
    if found is not None and found != NEW:
        _move(key, found, NEW)


def _move(key: uuid.UUID, old: str, new: str) -> None:
    if old == new:
        return
    folder = _folder(new)
    forget(key, new)
    (home() / old / str(key)).rename(folder / str(key))
    # It is kept for so long from now on.
    os.utime(folder / str(key))
    _sync(folder)


def why(key: uuid.UUID, kind: str = REFUSED) -> str:
    """Why one was put aside; "" where that was not written down."""
    try:
        return str(json.loads((home() / kind / str(key) / WHY).read_bytes())["why"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return ""


def forget_old(*, now: datetime) -> None:
    """Forget what was put aside long ago, and what was never written to its end."""
    oldest = (now - timedelta(days=ASIDE_DAYS)).timestamp()
    for kind in (REFUSED, DROPPED):
        for entry in list(_scan(kind)):
            if entry.stat().st_mtime < oldest:
                forget(uuid.UUID(entry.name), kind)
    with contextlib.suppress(FileNotFoundError):
        for path in (home() / NEW).glob(".*"):
            if path.stat().st_mtime < (now - timedelta(days=1)).timestamp():
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else records what waits here, until the block ends."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home() / ".lock").open("w") as line:
        try:
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
