"""A small city for tests: Testford, from `tests/fixtures/pack-min`, and packs made wrong on purpose."""

import shutil
from copy import deepcopy
from functools import cache
from pathlib import Path

from onehall.cli import city as city_cli
from onehall.kernel import clock
from onehall.kernel.yamlfile import PackProblem
from onehall.places.models import City
from onehall.setup import applying, packs
from tests.kept_rows import KeptRows

FIXTURES = Path(__file__).resolve().parent / "fixtures"
TESTFORD = FIXTURES / "pack-min"


@cache
def _read() -> packs.CityPack:
    return packs.read_sound(TESTFORD)


def _apply() -> City:
    return applying.apply(deepcopy(_read()), with_staff=True, by="tests", now=clock.now())


_KEPT = KeptRows(_apply)


def testford() -> City:
    """The city of Testford with its staff, in the test database.

    Most tests begin with it: its files are read once, and its rows are made once per process.
    """
    _KEPT.put()
    return City.objects.get(slug="testford")


def changed(folder: Path, file: str, old: str, new: str) -> City:
    """Testford with one text of its pack replaced, applied to the test database."""
    pack = WrongPack(folder).replace(file, old, new)
    return city_cli.apply(pack.folder, with_staff=True, by="tests")


# pytest would take a function of this name for a test where it is imported.
testford.__test__ = False  # type: ignore[attr-defined]


class WrongPack:
    """A copy of Testford's pack to break one thing in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pack"
        shutil.copytree(TESTFORD, self.folder)

    def replace(self, file: str, old: str, new: str) -> "WrongPack":
        """Replace a text that must be there, once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def add(self, file: str, text: str) -> "WrongPack":
        """Append to a file, making it if need be."""
        path = self.folder / file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")
        return self

    def line(self, file: str, text: str) -> int:
        """The line on which a text stands."""
        lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def problems(self) -> list[PackProblem]:
        """Everything `city check` says."""
        return city_cli.check(self.folder)
