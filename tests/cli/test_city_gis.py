"""A city whose streets come from its GIS: checked, planned, applied and exported by the commands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("shapefile", reason='the extra "gis" is not installed (pyshp)')
pytest.importorskip("pyproj", reason='the extra "gis" is not installed (pyproj)')

from onehall.cli import city as city_cli
from onehall.places.models import Street
from tests.packs import WrongPack
from tests.places.gis_files import FEET, write_gpkg


@pytest.fixture
def pack(tmp_path: Path) -> WrongPack:
    """Testford, with its streets in a GeoPackage in feet, one of them without a line."""
    pack = WrongPack(tmp_path)
    own = pack.folder / "streets.geojson"
    features = json.loads(own.read_text("utf-8"))["features"]
    own.unlink()
    lost = {"type": "Feature", "properties": {"name": "Lost Road"}, "geometry": None}
    write_gpkg(pack.folder / "gis.gpkg", {"streets": [*features, lost]}, crs=FEET)
    entry = "{file: gis.gpkg, gives: streets, columns: {name: name, kind: kind}}"
    return pack.add("sources.yaml", f"sources:\n  - {entry}\n")


def test_check_says_what_was_left_out(pack: WrongPack) -> None:
    result = CliRunner().invoke(city_cli.command, ["check", str(pack.folder)])
    assert result.exit_code == 0, result.output
    assert "warning gis.gpkg: left out: 1 without a shape." in result.output


def test_check_refuses_a_column_that_is_not_there(pack: WrongPack) -> None:
    pack.replace("sources.yaml", "name: name", "name: nam")
    result = CliRunner().invoke(city_cli.command, ["check", str(pack.folder)])
    assert result.exit_code == 1
    wanted = 'sources.yaml:2: gis.gpkg has no column "nam". Did you mean "name"?'
    assert result.output.strip() == wanted


@pytest.mark.django_db
def test_applied_twice_it_changes_nothing_and_it_is_exported(
    pack: WrongPack, tmp_path: Path
) -> None:
    assert any(change.what == "street" for change in city_cli.plan(pack.folder))
    city = city_cli.apply(pack.folder)
    assert Street.objects.filter(city=city).exists()
    assert not Street.objects.filter(city=city, name="Lost Road").exists()
    assert city_cli.plan(pack.folder) == []
    city_cli.export(city.slug, tmp_path / "out")
    assert (tmp_path / "out/streets.geojson").exists()
    assert city_cli.plan(tmp_path / "out") == []
