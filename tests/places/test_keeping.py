"""The file that a gazetteer is kept in: built once, mapped by every process, new when the map is."""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onehall.places import building, keeping, pack, queries, tables
from onehall.places.index import GazetteerIndex
from onehall.places.models import Address, City
from onehall.setup.tasks import keep_gazetteers

FOLDER = "gazetteers"


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """A folder that gazetteers are kept in."""
    settings.PLACES_DIR = tmp_path / FOLDER
    return tmp_path / FOLDER


def files(folder: Path) -> list[str]:
    """The names of the kept gazetteers."""
    return sorted(path.name for path in folder.glob("*.gazetteer"))


def found(columns: tables.Columns, street: str) -> bool:
    """Whether a street is in a gazetteer."""
    return GazetteerIndex(columns).knows_street(street) is not None


class TestFile:
    def test_what_is_put_is_mapped_as_it_was(self, tmp_path: Path) -> None:
        columns = {
            "numbers": np.arange(7, dtype=np.int64),
            "pairs": np.array([[1.5, 2.5], [3.5, 4.5]]),
            "none": np.zeros(0, dtype=np.int32),
            "codes": np.array([b"abc", b"d"]),
            **tables.text_columns("words", ["Calle José", "", "a\nb"]),
        }
        tables.put(tmp_path / "new" / "file", columns)
        again = tables.mapped(tmp_path / "new" / "file")
        assert again is not None
        assert again.keys() == columns.keys()
        assert all(np.array_equal(again[name], columns[name]) for name in columns)
        assert list(tables.Texts(again, "words")) == ["Calle José", "", "a b"]
        assert tables.Texts(again, "words").all() == ["Calle José", "", "a b"]
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]

    @pytest.mark.parametrize("keep", [0, 10, 40, -1])
    def test_a_file_that_is_not_whole_is_none(self, tmp_path: Path, keep: int) -> None:
        tables.put(tmp_path / "file", {"numbers": np.arange(70)})
        (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes()[:keep])
        assert tables.mapped(tmp_path / "file") is None

    def test_another_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"x" * 1000)
        assert tables.mapped(tmp_path / "file") is None
        assert tables.mapped(tmp_path / "missing") is None


class TestCity:
    def test_the_second_process_reads_no_rows(
        self, town: City, kept: Path, django_assert_num_queries: Any
    ) -> None:
        assert found(keeping.columns_for(town), "Mill Lane")
        with django_assert_num_queries(0):
            columns = keeping.columns_for(town)
        assert found(columns, "Mill Lane")
        assert len(files(kept)) == 1

    def test_a_kept_gazetteer_answers_as_one_in_memory(self, town: City, kept: Path) -> None:
        in_memory, mapped = building.columns_of(town.pk), keeping.columns_for(town)
        assert in_memory.keys() == mapped.keys()
        assert all(np.array_equal(in_memory[name], mapped[name]) for name in mapped)
        told = queries.find_place(town, "14 mil lane", language="en")
        assert told[0].words == "14 Mill Lane"

    def test_a_changed_map_has_a_new_file_and_the_last_one_stays(
        self, town: City, town_folder: Path, kept: Path, now: datetime
    ) -> None:
        city = town
        keeping.columns_for(city)
        for number in range(3):
            with (town_folder / "addresses.csv").open("a") as file:
                file.write(f"{number + 1},Elm Row,,-120.0,40.0\n")
            city = pack.apply(pack.read(town_folder)[0], by="tests", now=now)
            assert found(keeping.columns_for(city), "Elm Row")
        assert len(files(kept)) == 2

    def test_hours_and_areas_do_not_build_it_anew(
        self, town: City, town_folder: Path, kept: Path, now: datetime
    ) -> None:
        keeping.columns_for(town)
        before = files(kept)
        (town_folder / "areas/10-district.geojson").unlink()
        (town_folder / "calendar.yaml").unlink()
        city = pack.apply(pack.read(town_folder)[0], by="tests", now=now)
        keeping.columns_for(city)
        assert city.revision == 2
        assert files(kept) == before

    def test_what_was_changed_meanwhile_is_not_kept(
        self, town: City, kept: Path, now: datetime
    ) -> None:
        City.objects.filter(pk=town.pk).update(pack_hashes={"streets": "others"})
        assert found(keeping.columns_for(town), "Mill Lane")
        assert files(kept) == []

    def test_rows_of_no_pack_are_not_kept(self, kept: Path, db: None) -> None:
        city = City.objects.create(slug="bare", name="Bare")
        Address.objects.create(
            city=city, number="1", street="Elm Row", text="1 Elm Row", norm="1 elm row",
            lon=0, lat=0, cell=0,
        )  # fmt: skip
        assert found(keeping.columns_for(city), "Elm Row")
        assert files(kept) == []

    def test_a_folder_that_cannot_be_written_only_costs_time(
        self, town: City, tmp_path: Path, settings: Any
    ) -> None:
        (tmp_path / "file").write_text("")
        settings.PLACES_DIR = tmp_path / "file" / "folder"
        assert found(keeping.columns_for(town), "Mill Lane")

    def test_two_that_come_at_once_build_it_once(
        self, town: City, kept: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        columns, built = building.columns_of(town.pk), []
        monkeypatch.setattr(
            keeping, "_build", lambda city, path: built.append(1) or tables.put(path, columns)
        )
        threads = [threading.Thread(target=keeping.prepare, args=(town,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert built == [1]

    def test_it_is_there_once_a_pack_is_in_force(
        self,
        town_folder: Path,
        kept: Path,
        now: datetime,
        db: None,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            pack.apply(pack.read(town_folder)[0], by="tests", now=now)
        assert len(files(kept)) == 1

    def test_the_worker_builds_what_is_missing(self, town: City, kept: Path, now: datetime) -> None:
        assert keep_gazetteers(now) is False
        assert len(files(kept)) == 1
        assert keep_gazetteers(now) is False
