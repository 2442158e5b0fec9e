"""Files as they come: packed, broken, with line breaks in fields, in other encodings."""

import csv
import gzip
from datetime import datetime
from pathlib import Path

import pytest

from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.importing.profile import ProfileError
from onehall.service_requests.importing.reader import FileBroken, Reader
from onehall.service_requests.models import ImportRun, ServiceRequest
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import (
    HEADER,
    ROW,
    bring_in,
    rejected,
    small_profile,
    write_csv,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(now: datetime) -> City:
    return build_city(now)


def text_of(**row: str) -> str:
    whole = {**ROW, **row}
    return ",".join('"' + whole.get(name, "").replace('"', '""') + '"' for name in HEADER)


def test_line_breaks_and_quotes_inside_fields_are_kept_with_the_row(
    city: City, tmp_path: Path, now: datetime
) -> None:
    note = 'He said "now",\r\nthen\nleft'
    path = write_csv(tmp_path / "rows.csv", [{"Note": note}, {"Opened": "x", "Note": note}, {}])
    run = bring_in(city, small_profile(tmp_path), path, now)
    assert (run.imported, run.rejected) == (2, 1)
    assert Case.objects.order_by("id")[0].timeline.get(kind="moved").data["words"] == note
    [(line, _)] = rejected(path)
    assert line == 5
    with path.with_name("rejects.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["Note"] == note


def test_packed_files_are_read_whatever_their_name(
    city: City, tmp_path: Path, now: datetime
) -> None:
    packed = write_csv(tmp_path / "rows.csv.gz", [{}, {}])
    path = tmp_path / "rows.csv"
    path.write_bytes(packed.read_bytes())
    assert bring_in(city, small_profile(tmp_path), path, now).imported == 2


def test_a_mark_at_the_start_and_spaces_in_the_header_do_no_harm(
    city: City, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "rows.csv"
    header = ",".join(f" {name} " for name in HEADER)
    path.write_text(f"\ufeff{header}\r\n\r\n{text_of(Id='1')}\r\n\r\n", "utf-8")
    assert bring_in(city, small_profile(tmp_path), path, now).rows_done == 1


def test_other_encodings_and_separators(city: City, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "rows.csv"
    lines = [";".join(HEADER), text_of(Id="1", Street="Peña").replace('","', '";"')]
    path.write_bytes("\n".join(lines).encode("cp1252"))
    rules = small_profile(tmp_path, ("file:\n", 'file:\n  encoding: cp1252\n  delimiter: ";"\n'))
    assert bring_in(city, rules, path, now).repairs == {}
    assert Case.objects.get().place_words == "Peña, Town"


def test_unreadable_characters_are_replaced_and_counted(
    city: City, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "rows.csv"
    rows = [text_of(Id="1", Street="Pe@a"), text_of(Id="2", Street="zero\0byte")]
    text = "\n".join([",".join(HEADER), *rows])
    path.write_bytes(text.encode().replace(b"@", b"\xf1"))
    assert bring_in(city, small_profile(tmp_path), path, now).repairs == {"characters": 2}
    found = Case.objects.order_by("id").values_list("place_words", flat=True)
    assert list(found) == ["Pe\ufffda, Town", "zero\ufffdbyte, Town"]


def test_rows_with_another_number_of_columns_are_rejected(
    city: City, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([",".join(HEADER), "1,2", text_of(Id="1"), text_of(Id="2") + ",x"]))
    run = bring_in(city, small_profile(tmp_path), path, now)
    assert (run.imported, run.reasons) == (1, {"columns": 2})
    assert rejected(path)[0] == (
        2, "The row has another number of columns than the header: 2, not 13",
    )  # fmt: skip


def test_an_unclosed_quote_does_not_swallow_the_file_in_silence(
    city: City, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([",".join(HEADER), text_of(Id="1"), '2,"open', text_of(Id="3")]))
    run = bring_in(city, small_profile(tmp_path), path, now)
    assert run.imported == 1
    assert run.rejected == 1


def test_a_field_without_end_is_rejected(
    city: City, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onehall.service_requests.importing.reader.MAX_FIELD", 1000)
    path = write_csv(tmp_path / "rows.csv", [{"Note": "x" * 2000}, {}])
    run = bring_in(city, small_profile(tmp_path), path, now)
    assert (run.imported, run.reasons) == (1, {"unreadable": 1})
    csv.field_size_limit(1 << 20)


def test_long_words_are_cut_and_counted(city: City, tmp_path: Path, now: datetime) -> None:
    path = write_csv(tmp_path / "rows.csv", [{"Note": "x" * 4001, "Street": "y" * 400}])
    run = bring_in(city, small_profile(tmp_path), path, now)
    assert run.repairs == {"words_cut": 1, "place_words_cut": 1}
    assert len(Case.objects.get().place_words) == 300


def test_missing_columns_are_named_with_what_was_meant(
    city: City, tmp_path: Path, now: datetime
) -> None:
    path = write_csv(tmp_path / "rows.csv", [{}])
    path.write_text(path.read_text().replace("Opened", "Opend").replace("Note", "Remark"))
    with pytest.raises(ProfileError, match=r'"Opened" .did you mean "Opend"') as caught:
        bring_in(city, small_profile(tmp_path), path, now)
    assert '"Note"' in str(caught.value)
    assert not ImportRun.objects.exists()


def test_an_empty_file_is_said_to_be_empty(city: City, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "rows.csv"
    path.touch()
    with pytest.raises(FileBroken, match="empty"):
        bring_in(city, small_profile(tmp_path), path, now)


def test_a_cut_off_file_keeps_whole_batches_and_says_where_it_broke(
    city: City, tmp_path: Path, now: datetime
) -> None:
    rows = [{"Street": f"{n * 7919 % 1000003} St"} for n in range(3000)]
    whole = write_csv(tmp_path / "whole.csv.gz", rows)
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(FileBroken, match="damaged near line"):
        bring_in(city, small_profile(tmp_path), path, now, size=500)
    run = ImportRun.objects.get()
    assert run.finished_at is None
    assert run.rows_done == run.imported == ServiceRequest.objects.count() > 0


def test_rows_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\n")
        file.writelines(text_of(Id=str(n), Note=str(n * 7919)) + "\n" for n in range(50_000))
    with Reader(path, small_profile(tmp_path)) as reader:
        records = reader.records()
        next(records)
        assert 0 < reader.position < reader.size
        assert sum(1 for _ in records) == 49_999
        assert reader.position == reader.size
