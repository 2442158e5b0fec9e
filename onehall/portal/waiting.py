"""Reports that wait on disk while the database is away: each a folder of its own, whole or not there at all.

    DATA/waiting/new/<key>/report.json, 0, 1, ...    a report and its photos, as the form sent them
    DATA/waiting/refused/<key>/...                   one that could not be recorded as it is

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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile

from onehall.portal.uploads import MAX_UPLOAD

NEW: Final = "new"
REFUSED: Final = "refused"
REFUSED_DAYS: Final = 30
"""For how long somebody can come back to what was refused."""
LEAST_FREE: Final = 1024**3
"""Bytes that stay free on the disk."""
MOST_FILES: Final = 12


class NoRoom(Exception):
    """So many wait already, or the disk is so full, that no other is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as the form sent it. `fields` may name one several times; `files` are name, type and bytes."""

    key: uuid.UUID
    service: str
    host: str
    secure: bool
    language: str
    received_at: datetime
    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)

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
    """Write a report to the disk so that it survives a power cut. Raises `NoRoom`."""
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
        if number < MOST_FILES and (upload.size or 0) <= MAX_UPLOAD:
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
            if not entry.name.startswith("."):
                yield entry


def keys(kind: str = NEW) -> list[uuid.UUID]:
    """Those that wait (or were refused), the oldest first."""
    aged = sorted((entry.stat().st_mtime, entry.name) for entry in _scan(kind))
    return [uuid.UUID(name) for _age, name in aged]


def is_kept(key: uuid.UUID, kind: str = NEW) -> bool:
    """Whether a report waits (or was refused)."""
    return (home() / kind / str(key)).is_dir()


def read(key: uuid.UUID, kind: str = NEW) -> Report | None:
    """A report that waits (or was refused); None when it does not any more."""
    folder = home() / kind / str(key)
    try:
        said = json.loads((folder / "report.json").read_bytes())
        files = [
            (name, content, (folder / str(number)).read_bytes())
            for number, (name, content) in enumerate(said["files"])
        ]
    except FileNotFoundError:
        return None
    return Report(
        key=key,
        service=said["service"],
        host=said["host"],
        secure=said["secure"],
        language=said["language"],
        received_at=datetime.fromisoformat(said["received_at"]),
        fields=tuple((name, value) for name, value in said["fields"]),
        files=tuple(files),
    )


def drop(key: uuid.UUID, kind: str = NEW) -> None:
    """Forget one: it is recorded, or too old."""
    shutil.rmtree(home() / kind / str(key), ignore_errors=True)


def refuse(key: uuid.UUID) -> None:
    """Put one aside that can not be recorded as it is."""
    aside = _folder(REFUSED) / str(key)
    drop(key, REFUSED)
    with contextlib.suppress(FileNotFoundError):
        (home() / NEW / str(key)).rename(aside)


def forget_old(*, now: datetime) -> None:
    """Forget what was refused long ago, and what was never written to its end."""
    oldest = (now - timedelta(days=REFUSED_DAYS)).timestamp()
    for entry in list(_scan(REFUSED)):
        if entry.stat().st_mtime < oldest:
            drop(uuid.UUID(entry.name), REFUSED)
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
