"""Checks a draft with the readers of the folder: mistakes, warnings, scenarios, and what publishing touches."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from django.utils import translation

from onehall.catalog import flows, scenarios
from onehall.catalog import pack as catalog_pack
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import PackProblem, Problems
from onehall.places.held import Held
from onehall.places.models import City
from onehall.places.rows import Change
from onehall.setup import files, packs
from onehall.setup.packs import Around, CityPack
from onehall.setup.queries import DraftView


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """How one scenario of a flow came out; `failed` says at which step and why, "" when all went well."""

    path: str
    flow: str
    key: str
    name: str
    failed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found. The pack is whole only without problems."""

    pack: CityPack
    problems: tuple[PackProblem, ...]
    warnings: tuple[str, ...]
    scenarios: tuple[ScenarioResult, ...]

    @property
    def sound(self) -> bool:
        """Whether it may be published."""
        return not self.problems

    def of_file(self, path: str) -> list[PackProblem]:
        """The mistakes in one file."""
        return [p for p in self.problems if p.file == path]


_shown: Final[Held[Checked]] = Held(most=8)


def check(city: City, draft: DraftView) -> Checked:
    """Everything wrong with a draft, by file, line and field; what to look at; how the scenarios come out."""
    return check_texts(city, draft.texts, areas=draft.touches_areas)


def shown(city: City, draft: DraftView) -> Checked:
    """The same for a page, kept until a file changes or something that the files may refer to.

    Many pages look at what it holds: nobody changes it, and nobody publishes it.
    """
    areas = draft.touches_areas
    around = packs.around_of(city, areas=areas)
    said = repr((draft.texts, areas, around, translation.get_language()))
    key = city.pk, hashlib.sha256(said.encode()).hexdigest()
    checked = _shown.get(key, lambda: _read(draft.texts, around, areas=areas))
    return _with_hosts(checked, city)


def check_texts(city: City, texts: Mapping[str, str], *, areas: bool) -> Checked:
    """The same for any set of files laid over a city's."""
    checked = _read(texts, packs.around_of(city, areas=areas), areas=areas)
    return _with_hosts(checked, city)


def _with_hosts(checked: Checked, city: City) -> Checked:
    more = packs.hosts_of_others(checked.pack, city)
    return replace(checked, problems=tuple(sorted({*checked.problems, *more}))) if more else checked


def _read(texts: Mapping[str, str], around: Around, *, areas: bool) -> Checked:
    with tempfile.TemporaryDirectory(prefix="onehall-draft-") as name:
        folder = Path(name)
        files.put(folder, texts, areas=areas)
        pack, problems = packs.read_small(folder, around, areas=areas)
    return Checked(
        pack=pack,
        problems=tuple(problems),
        warnings=(
            *pack.people.unserved_yet,
            *(catalog_pack.warnings(pack.catalog) if not problems else ()),
        ),
        scenarios=_scenarios(
            pack, texts, {p.file for p in problems if not scenarios.is_failure(p.message)}
        ),
    )


def plan(city: City, draft: DraftView, checked: Checked) -> list[Change]:
    """What publishing a sound draft would change, with the cases that stay on old versions of flows."""
    return packs.changes_small(checked.pack, city, areas=draft.touches_areas)


def _scenarios(
    pack: CityPack, texts: Mapping[str, str], wrong: set[str]
) -> tuple[ScenarioResult, ...]:
    """Scenarios of flows whose files could be read. One that fails is a mistake of its file too."""
    found = []
    for path in (p for p in texts if p.startswith("flows/")):
        doc = pack.catalog.flows.get(_key(texts[path], path))
        if doc is None or path in wrong:
            continue
        flow = flows.parse(doc)
        for scenario in flow.scenarios:
            failed = scenarios.run(flow, scenario)
            found.append(
                ScenarioResult(
                    path=path,
                    flow=flow.key,
                    key=scenario.key,
                    name=scenario.doc.get("name", scenario.key),
                    failed=failed[0] if failed else "",
                )
            )
    return tuple(found)


def _key(text: str, path: str) -> str:
    node = yamlfile.parse(text, file=path, problems=Problems())
    return node.text("key") if node.kind == "mapping" else ""
