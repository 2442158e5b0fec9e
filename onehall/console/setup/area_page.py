"""What the pages of areas share: layers read from the draft, words and counts, the effect of the draft, the live map."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.templatetags.static import static
from django.utils.translation import gettext as _

from onehall.console.setup import area_map
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import Localized, pick
from onehall.look.doorway import CityRequest
from onehall.places.pack.gis import sent
from onehall.setup import actions, area_effects, area_forms, area_moves, forms, rules
from onehall.setup.area_effects import Effect, Way
from onehall.setup.area_forms import AreaView, Doc
from onehall.setup.checking import Checked
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.queries import DraftView, FileView

MOST_MB: Final = rules.MAX_AREA_TEXT // 1_000_000

type Counts = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file of areas as the draft has it; `doc` is None where it can not be read."""

    stem: str
    file: FileView
    doc: Doc | None

    @property
    def key(self) -> str:
        """The name of the layer for machines."""
        return area_forms.layer_of(self.stem)

    @property
    def is_limit(self) -> bool:
        """Whether it is the limit of the city."""
        return area_forms.is_limit(self.stem)


def layers(view: DraftView) -> list[Layer]:
    """The layers of the draft, the city limit first."""
    found = [_layer(f) for f in view.of_kind("area") if f.text is not None]
    return sorted(found, key=lambda layer: (not layer.is_limit, layer.stem))


def layer(view: DraftView, stem: str) -> Layer | None:
    """One layer; None for one that is not there."""
    file = view.files.get(area_forms.path_of(stem))
    return _layer(file) if file is not None and file.text is not None else None


def _layer(file: FileView) -> Layer:
    doc = area_forms.read(file.text or "")
    return Layer(stem=area_forms.stem_of(file.path), file=file, doc=doc)


def areas_of(request: CityRequest, found: Layer) -> list[AreaView]:
    """The areas of a layer, in order."""
    return area_forms.areas(found.doc or {}, request.city.language)


def say(request: CityRequest, words: Any) -> str:
    """Localized words in the reader's language."""
    return pick(words, request.LANGUAGE_CODE, request.city.language)


def title(request: CityRequest, found: Layer) -> str:
    """What a layer is called."""
    label = say(request, area_forms.label_of(found.doc or {}, request.city.language))
    return label or (_("City limit") if found.is_limit else found.key)


def named(request: CityRequest, found: Layer) -> list[tuple[str, Doc | None, bool]]:
    """The areas for a drawing: name, polygon, and that none is chosen."""
    areas = areas_of(request, found)
    return [(say(request, a.name) or a.code, a.geometry, False) for a in areas]


def shown(request: CityRequest, found: Layer, counts: Counts) -> dict[str, Any]:
    """A layer for its section or page: title, rows with their open cases, and the drawing."""
    languages = request.city.languages
    rows = [
        {
            "n": area.n,
            "code": area.code,
            "name": say(request, area.name) or area.code,
            "words": [(code, area.name.get(code, "")) for code in languages],
            "open": counts.get((found.key, area.code), 0),
            "broken": area.geometry is None,
            "corners": area_forms.count(area.geometry),
        }
        for area in areas_of(request, found)
    ]
    return {
        "stem": found.stem,
        "key": found.key,
        "title": title(request, found),
        "is_limit": found.is_limit,
        "what": found.file.what,
        "path": found.file.path,
        "unread": found.doc is None,
        "rows": rows,
        "picture": area_map.picture(request.city, named(request, found)) if rows else None,
    }


def words_of(request: CityRequest, name: str, before: Localized | None = None) -> Localized:
    """Words per language as a form sends them; those in other languages stay."""
    sent = forms.tree_of(request.POST.lists())
    found = forms.words(sent, name, request.city.languages, before)
    return {code: printable(said)[: area_forms.MOST_NAME] for code, said in found.items()}


def printable(text: str) -> str:
    """One line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def text_of(request: CityRequest, name: str) -> str:
    """One line of a form."""
    return printable(request.POST.get(name, ""))


def sending() -> dict[str, Any]:
    """What the form for a file of areas says."""
    return {"limit_mb": MOST_MB, "endings": ",".join(sent.ENDINGS)}


def seen_of(request: CityRequest) -> int:
    """The version of the file that the page was drawn from."""
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def keep(request: CityRequest, stem: str, text: str, seen: int) -> None:
    """Write a layer into the draft."""
    actions.save_file(
        city=request.city,
        path=area_forms.path_of(stem),
        text=text,
        seen=seen,
        by=request.actor,
        now=read_clock(),
    )


def overtaken(no: SetupRefused | None) -> Overtaken | None:
    """The refusal, if it is that somebody else was first."""
    return no if isinstance(no, Overtaken) else None


# --- effect and work ---------------------------------------------------------------------------------


def effect_context(
    request: CityRequest, view: DraftView, checked: Checked, *, seconds: float
) -> dict[str, Any]:
    """What publishing the draft's areas would do to the open cases."""
    found = area_effects.effect(
        request.city, checked.pack.places.areas, view.texts, seconds=seconds
    )
    return {"effect": found, "ways": [_way(request, found, way) for way in found.ways]}


def _way(request: CityRequest, found: Effect, way: Way) -> dict[str, Any]:
    names = found.names.get(way.layer, {})

    def named_(code: str) -> str:
        return (say(request, names.get(code)) or code) if code else _("no area")

    return {
        "layer": say(request, found.labels.get(way.layer)) or way.layer,
        "old": named_(way.old),
        "new": named_(way.new),
        "count": way.count,
    }


def move_context(request: CityRequest) -> dict[str, Any]:
    """How far open cases are put into the areas that are in force."""
    row = area_moves.latest(request.city)
    return {
        "move": row,
        "move_runs": row is not None and area_moves.is_running(row, read_clock()),
        "move_percent": min(100, row.looked_at * 100 // max(1, row.total)) if row else 0,
    }


def live_map(request: CityRequest, shapes: str) -> dict[str, Any]:
    """What the live map is told: where its parts are, and where the city lies."""
    city = request.city
    return {
        "live": {
            "leaflet_js": static("leaflet/leaflet.js"),
            "leaflet_css": static("leaflet/leaflet.css"),
            "bounds": json.dumps(city.bounds),
            "shapes": shapes,
            "words": json.dumps(
                {
                    "map": _("Map of the areas"),
                    "closer": _("Closer"),
                    "farther": _("Farther"),
                    "corner": _("Corner {n} of {all}"),
                    "added": _("Corner {n} is set."),
                    "gone": _("The corner is gone; {n} are left."),
                    "part": _("The next corner begins a further part."),
                    "unread": _("The text can not be read as corners, so the map shows none."),
                    "many": _(
                        "Too many corners to show them one by one: change them as text, or upload a file."
                    ),
                },
                ensure_ascii=False,
            ),
        }
    }
