"""The next batch is mapped while one is written: never further ahead, and nothing stays behind."""

import json
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from onehall.casework.linking import JsonText
from onehall.kernel.chain import canonical
from onehall.places.models import City
from onehall.service_requests.importing import loader
from onehall.service_requests.importing.mapper import Mapper
from onehall.service_requests.importing.reader import Record
from onehall.service_requests.models import ImportRun
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import (
    HEADER,
    ROW,
    bring_in,
    small_profile,
    write_csv,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(now: datetime) -> City:
    return build_city(now)


def import_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("onehall-import")]


def test_one_batch_is_mapped_ahead_and_no_more(
    city: City, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(100)])
    mapped: list[int] = []
    ahead: list[int] = []
    as_ever = loader._mapped

    def counted(mapper: Mapper, records: Iterable[Record]) -> loader._Batch:
        batch = as_ever(mapper, records)
        # A connection of this thread would be one that nobody closes.
        assert connection.connection is None
        mapped.append(batch.rows)
        return batch

    def tell(position: int, size: int, run: ImportRun) -> None:
        ahead.append(sum(mapped) - run.rows_done)

    monkeypatch.setattr(loader, "_mapped", counted)
    loader.import_requests(
        city=city,
        profile=small_profile(tmp_path),
        path=path,
        rejects=tmp_path / "rejects.csv",
        now=now,
        progress=tell,
        batch_size=10,
    )
    assert sum(mapped) == 100
    assert len(ahead) == 10
    assert set(ahead) <= {0, 10}
    assert not import_threads()


def test_what_breaks_while_mapping_ahead_ends_the_import_after_the_batch_before(
    city: City, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(100)])
    as_ever = Mapper.row

    def fails(self: Mapper, record: Record) -> object:
        if record.fields[0] == "35":
            raise ZeroDivisionError
        return as_ever(self, record)

    monkeypatch.setattr(Mapper, "row", fails)
    with pytest.raises(ZeroDivisionError):
        bring_in(city, small_profile(tmp_path), path, now, size=10)
    assert ImportRun.objects.get().rows_done == 30
    assert not import_threads()


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"State": "Open", "Note": 'He said "now" \\ ñ 🌳 \x7f'},
        {"State": "Void", "Note": ""},
        {"Kind": "Loud music", "Dept": "No 7.5e3", "Via": "Fax", "Lon": "44", "Lat": "3"},
        {"Lon": "-71.25", "Lat": "44.5", "Dept": "", "Closed": ""},
    ],
)
def test_entries_are_written_as_the_chain_hashes_them(
    city: City, tmp_path: Path, now: datetime, row: dict[str, str]
) -> None:
    mapper = Mapper(city=city, profile=small_profile(tmp_path), header=HEADER, now=now)
    whole = {**ROW, **row}
    found = mapper.row(Record(2, [whole.get(name, "") for name in HEADER]))
    case = mapper.draft(found).case
    for data in (*(entry.data for entry in case.timeline), case.areas, case.route_reason):
        assert isinstance(data, JsonText)
        assert canonical(json.loads(data)).decode() == data
