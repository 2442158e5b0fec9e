"""Stored files: named by content, whole or absent, never outside their folder."""

import hashlib
import re
import threading
from pathlib import Path

import pytest
from django.test import override_settings

from onehall.kernel import storage

MEMORY = {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}


@pytest.fixture(params=["disk", "memory"])
def files(request, tmp_path: Path):
    """A disk, and a store without paths as object stores are."""
    stores = MEMORY
    if request.param == "disk":
        backend = "django.core.files.storage.FileSystemStorage"
        stores = {"default": {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}}
    with override_settings(STORAGES=stores):
        yield request.param


def test_the_name_says_the_content(files):
    name = storage.put(b"hello", "jpg")
    sha = hashlib.sha256(b"hello").hexdigest()
    assert name == f"{sha[:2]}/{sha[2:4]}/{sha}.jpg" == storage.name_of(b"hello", "jpg")
    assert storage.read(name) == b"hello"
    with storage.open(name) as file:
        assert file.read(2) == b"he"


def test_putting_twice_stores_once(files, tmp_path):
    assert storage.put(b"hello", "jpg") == storage.put(b"hello", "jpg")
    if files == "disk":
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_half_a_file_is_replaced(files, tmp_path):
    if files != "disk":
        pytest.skip("only disks can hold half a file")
    name = storage.put(b"hello", "jpg")
    (tmp_path / name).write_bytes(b"hel")
    storage.put(b"hello", "jpg")
    assert storage.read(name) == b"hello"


def test_a_failed_write_leaves_nothing(files, tmp_path, monkeypatch):
    if files != "disk":
        pytest.skip("only disks write in steps")

    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        storage.put(b"hello", "jpg")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_many_at_once_end_with_one_whole_file(files):
    data = b"x" * 200_000
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(storage.put(data, "bin"))) for _ in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1
    assert len(names) == 8
    assert storage.read(names[0]) == data


def test_deleted_files_are_gone(files):
    name = storage.put(b"hello", "jpg")
    assert storage.exists(name)
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.read(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "ab/cd/short.jpg", "aa/bb/" + "0" * 64 + ".jpg", "00/00/" + "0" * 64 + ".jpg\n", "00/00/" + "0" * 64 + "./x"])  # fmt: skip
def test_other_names_never_reach_the_store(files, name):
    for ask in (storage.open, storage.exists, storage.delete):
        with pytest.raises(FileNotFoundError):
            ask(name)


@pytest.mark.parametrize("suffix", ["", ".jpg", "JPG", "a/b", "tar.gz", "x" * 9])
def test_odd_suffixes_are_refused(suffix):
    with pytest.raises(ValueError, match=re.escape("suffix")):
        storage.put(b"x", suffix)
