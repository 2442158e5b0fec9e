"""Small files for imports, and a profile over them that a test can change."""

import csv
import gzip
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from onehall.places.models import City
from onehall.service_requests.importing import loader, profile
from onehall.service_requests.importing.profile import Profile
from onehall.service_requests.models import ImportRun

HEADER = (
    "Id", "Kind", "Dept", "State", "Opened", "Updated", "Closed", "Due", "Lon", "Lat", "Street",
    "Via", "Note",
)  # fmt: skip
PROFILE = """
key: small
name: Small
time_zone: America/Los_Angeles
file:
  blank: ['NULL']
id: Id
times:
  formats: [iso, "%m/%d/%Y"]
  opened: {column: Opened, at: "08:00"}
  updated: {column: Updated}
  closed: {column: Closed}
  due: {column: Due}
  due_within_years: 5
  closed_before_opened: reject
  closed_missing: [empty]
status:
  column: State
  map: {Open: start, Doing: working, Closed: closed, Void: denied}
  unknown: reject
  refine:
    - {column: Note, contains: duplicate of, to: denied}
service:
  column: Kind
  map: {Hole in road: pothole}
  unknown: keep_as
  keep_as: [nowhere, something-else]
department:
  column: Dept
  map: {PWD: public-works, Lamps: lights}
  unknown: service
place:
  lon: Lon
  lat: Lat
  words: ["{Street}, Town", "near {Kind}"]
  ignore: [{lon: 1.5, lat: 1.5}]
  outside: drop_pin
channel:
  column: Via
  map: {Call: phone}
  unknown: import
words: ["{Kind}"]
answer: {column: Note, public: true}
keep: [Via]
"""
ROW = {
    "Id": "1",
    "Kind": "Pothole",
    "Dept": "Public Works",
    "State": "Closed",
    "Opened": "2024-07-01 10:00:00",
    "Closed": "2024-07-02 11:30:00",
    "Lon": "2",
    "Lat": "3",
    "Street": "1 Main St",
    "Via": "Call",
}


def small_profile(folder: Path, *changes: tuple[str, str]) -> Profile:
    """The profile with pieces of its text replaced; each piece must be there."""
    text = PROFILE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "small.yaml"
    path.write_text(text, "utf-8")
    return profile.load(str(path))


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A file with `HEADER`; what a row leaves out is as in `ROW`, and ids count up from 1."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADER)
        for number, row in enumerate(rows, 1):
            whole = {**ROW, "Id": str(number), **row}
            table.writerow([whole.get(name, "") for name in HEADER])
    return path


def bring_in(
    city: City, rules: Profile, path: Path, now: datetime, *, size: int = 5_000
) -> ImportRun:
    """Import a file, and hold that no row was lost."""
    run = loader.import_requests(
        city=city,
        profile=rules,
        path=path,
        rejects=path.with_name("rejects.csv"),
        now=now,
        batch_size=size,
    )
    assert run.rows_done == run.imported + run.already + run.rejected
    return run


def rejected(path: Path) -> list[tuple[int, str]]:
    """Line and reason of each rejected row of a file that was brought in."""
    with path.with_name("rejects.csv").open(encoding="utf-8", newline="") as file:
        return [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]


def squeezed(text: str) -> str:
    """Text without the line breaks that a terminal adds."""
    return re.sub(r"\s+", " ", text)
