"""The part of a city pack that says what things cost: `fees/*.yaml`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from onehall.billing.fees.documents import Schedule
from onehall.billing.fees.reading import FOLDER, Shared, read_folder
from onehall.kernel.yamlfile import Problems
from onehall.places.pack.documents import read_city

__all__ = ["FOLDER", "read", "read_alone", "warnings"]


def read(
    folder: Path, languages: Sequence[str], currency: str
) -> tuple[dict[str, Schedule], Problems]:
    """The schedules by key, and what is wrong with them. `currency` is the one the rest of the pack counts in, or ""."""
    problems = Problems()
    return read_folder(folder, Shared(languages, currency), problems), problems


def read_alone(folder: Path) -> tuple[dict[str, Schedule], Problems]:
    """The same without the rest of the pack: in the languages of `city.yaml`, in English where there is none."""
    problems = Problems()
    named = (folder / "city.yaml").exists()
    languages = read_city(folder, problems).languages if named else ["en"]
    return read_folder(folder, Shared(languages), problems), problems


def warnings(schedules: Mapping[str, Schedule]) -> list[str]:
    """That applying a pack leaves them in the folder, as a sentence; [] without schedules."""
    if not schedules:
        return []
    return [f"{FOLDER}/ is checked and quoted from the folder; applying does not keep it."]
