"""The part of a city pack that says how a city bills: `billing.yaml`, and what things cost: `fees/*.yaml`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onehall.billing import reading
from onehall.billing.documents import Setup
from onehall.billing.fees.documents import Schedule
from onehall.billing.fees.reading import FOLDER, Shared, read_folder
from onehall.billing.models import BillingSetup
from onehall.billing.reading import FILE
from onehall.kernel.yamlfile import Problems
from onehall.people.differences import differences
from onehall.places.models import City
from onehall.places.pack.documents import read_city
from onehall.places.rows import Change

__all__ = [
    "FILE",
    "FOLDER",
    "BillingPack",
    "apply",
    "file_texts",
    "plan",
    "read",
    "read_alone",
    "write",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPack:
    """Two are the same when their files say the same, word for word: the files are what is kept."""

    texts: Mapping[str, str] = field(default_factory=dict)
    setup: Setup | None = field(default=None, compare=False)
    fees: Mapping[str, Schedule] = field(default_factory=dict, compare=False)


def read(
    folder: Path, languages: Sequence[str], currency: str, services: Collection[str] | None = None
) -> tuple[BillingPack, Problems]:
    """The part of a pack, and what is wrong with it. `currency` is the one the rest of the pack counts in, or ""."""
    problems = Problems()
    setup = reading.read(folder, reading.Shared(languages, currency, services), problems)
    counted_in = currency or (setup.currency if setup else "")
    fees = read_folder(folder, Shared(languages, counted_in), problems)
    paths = [folder / FILE, *(folder / FOLDER).glob("*.yaml")]
    there = {p.relative_to(folder).as_posix(): p for p in paths if p.exists()}
    texts = {} if problems else {name: _text(there[name]) for name in sorted(there)}
    return BillingPack(texts=texts, setup=setup, fees=fees), problems


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")


def read_alone(folder: Path) -> tuple[dict[str, Schedule], Problems]:
    """The schedules without the rest of the pack: in the languages of `city.yaml`, in English where there is none."""
    problems = Problems()
    named = (folder / "city.yaml").exists()
    languages = read_city(folder, problems).languages if named else ["en"]
    return read_folder(folder, Shared(languages), problems), problems


def file_texts(city: City | None) -> dict[str, str]:
    """What each file of a city says, by its path in the pack."""
    row = BillingSetup.objects.filter(city=city).first() if city else None
    return dict(sorted(row.files.items())) if row else {}


def plan(pack: BillingPack, city: City | None) -> list[Change]:
    """What applying would change, file by file."""
    held = {path: {"text": text} for path, text in file_texts(city).items()}
    new = {path: {"text": text} for path, text in pack.texts.items()}
    return differences("billing", held, new, removed="bills keep what they say")


def apply(pack: BillingPack, city: City) -> None:
    """Keep what the pack says. Bills and their lines stay as they were written."""
    if pack.texts or BillingSetup.objects.filter(city=city).exists():
        BillingSetup.objects.update_or_create(city=city, defaults={"files": dict(pack.texts)})


def write(city: City, folder: Path) -> None:
    """Write the files of a pack."""
    for path, text in file_texts(city).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
