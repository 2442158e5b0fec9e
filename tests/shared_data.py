"""Real data that is not part of the repository: city open data and photos, used where they are present.

Found through `ONEHALL_SHARED_DATA`, else in `../shared/data` beside the checkout. Tests that want it skip, and say so,
when it is not there.
"""

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def folder() -> Path:
    """Where the shared data would be."""
    return Path(os.environ.get("ONEHALL_SHARED_DATA") or _BESIDE)


def shared(name: str) -> Path:
    """The path of a shared file or folder; skips the test when it is absent."""
    path = folder() / name
    if not path.exists():
        pytest.skip(f"shared data is absent: {path} (set ONEHALL_SHARED_DATA)")
    return path


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a shared CSV file, gzipped or not."""
    path = shared(name)
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
