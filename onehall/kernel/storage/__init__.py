"""Files named by their content, kept wherever Django's default storage keeps files.

A name is `ab/cd/<sha256>.<suffix>`: the same bytes always get the same name, so putting twice stores once, and a file never
changes. On a local disk a file appears whole or not at all; object stores give that by themselves.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage

_NAME: Final = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\.[a-z0-9]{1,8}")
_SUFFIX: Final = re.compile(r"[a-z0-9]{1,8}")


def put(data: bytes, suffix: str) -> str:
    """Store bytes and return their name; does nothing when they are there already. `suffix` is like "jpg"."""
    name = name_of(data, suffix)
    if default_storage.exists(name) and default_storage.size(name) == len(data):
        return name
    if isinstance(default_storage, FileSystemStorage):
        _write(Path(default_storage.path(name)), data)
    else:
        _save(name, data)
    return name


def name_of(data: bytes, suffix: str) -> str:
    """The name that these bytes have. ValueError for a suffix that is not 1 to 8 small letters or digits."""
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"{suffix!r} cannot be the suffix of a stored file.")
    sha = hashlib.sha256(data).hexdigest()
    return f"{sha[:2]}/{sha[2:4]}/{sha}.{suffix}"


def open(name: str) -> "File[bytes]":  # noqa: A001 - always used as storage.open
    """The stored file, opened for reading bytes; close it. FileNotFoundError when there is none."""
    return default_storage.open(_checked(name), "rb")


def read(name: str) -> bytes:
    """All bytes of a stored file. FileNotFoundError when there is none."""
    with open(name) as file:
        data: bytes = file.read()
    return data


def exists(name: str) -> bool:
    """Whether the file is stored."""
    return default_storage.exists(_checked(name))


def delete(name: str) -> None:
    """Remove a file for good; nothing happens when there is none. The caller knows that no row names it any more."""
    default_storage.delete(_checked(name))


def _checked(name: str) -> str:
    """A name that `put` can have made; anything else never reaches the storage."""
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(f"{name!r} is not the name of a stored file.")
    return name


def _write(path: Path, data: bytes) -> None:
    """Write beside the final place, then move there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".putting-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = getattr(default_storage, "file_permissions_mode", None)
        if mode is not None:
            Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _save(name: str, data: bytes) -> None:
    saved = default_storage.save(name, ContentFile(data))
    if saved != name:
        # Somebody else put the same bytes in the meantime, and the storage chose another name for ours.
        default_storage.delete(saved)
