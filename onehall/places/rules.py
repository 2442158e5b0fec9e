"""How typed places are compared: pure text rules, no data of a city."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from onehall.kernel.geo import Box


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Every spelling of a word in a street name, told by its short form.
_SAME_WORDS: Final = {
    "aly": "alley ally allee",
    "ave": "avenue av aven avenu avn avnue avenida avda avinguda",
    "blvd": "boulevard bl bd boul boulv bulevar bulevard",
    "calle": "cll cl",
    "cir": "circle circ crcl circulo",
    "cmno": "camino cno",
    "ct": "court crt",
    "chem": "chemin",
    "cv": "cove",
    "dr": "drive driv drv",
    "expy": "expressway expwy exp",
    "fwy": "freeway frwy",
    "grn": "green",
    "hts": "heights",
    "hwy": "highway hiway hway carretera",
    "imp": "impasse",
    "jct": "junction",
    "ln": "lane",
    "lp": "loop",
    "mt": "mount monte",
    "mtn": "mountain",
    "pkwy": "parkway pkway pky parkwy",
    "pl": "place",
    "plz": "plaza praca piazza",
    "prom": "promenade paseo",
    "pt": "point punta",
    "qu": "quai",
    "rd": "road",
    "rte": "route ruta",
    "rue": "rua",
    "sq": "square sqr",
    "st": "street str strt saint strasse",
    "ter": "terrace terr",
    "trl": "trail",
    "tpke": "turnpike",
    "vw": "view",
    "wy": "way",
    "xing": "crossing",
    "n": "north norte",
    "s": "south sur",
    "e": "east este",
    "w": "west oeste",
    "ne": "northeast noreste",
    "nw": "northwest noroeste",
    "se": "southeast sureste",
    "sw": "southwest suroeste",
    "1st": "first primera",
    "2nd": "second segunda",
    "3rd": "third tercera",
    "4th": "fourth cuarta",
    "5th": "fifth quinta",
    "6th": "sixth sexta",
    "7th": "seventh septima",
    "8th": "eighth octava",
    "9th": "ninth novena",
    "10th": "tenth decima",
    "11th": "eleventh",
    "12th": "twelfth",
    "13th": "thirteenth",
    "14th": "fourteenth",
    "15th": "fifteenth",
    "16th": "sixteenth",
    "17th": "seventeenth",
    "18th": "eighteenth",
    "19th": "nineteenth",
    "20th": "twentieth",
}
_SHORT: Final = {
    word: short for short, words in _SAME_WORDS.items() for word in (*words.split(), short)
}
_SHORTEST_SLIP: Final = 4
_LONG_WORD: Final = 8
_SPELLED: Final = sorted(word for word in _SHORT if len(word) >= _SHORTEST_SLIP)
TYPES: Final = _set_of(
    "aly ave blvd calle chem cir cmno ct cv dr expy fwy hwy imp jct ln lp pkwy pl plz prom qu rd "
    "rte rue sq st ter trl tpke wy xing"
)
# A word for any street, said in one language or another: "calle Mill" is Mill Street.
_ANY_STREET: Final = _set_of("calle rue st")
DIRECTIONS: Final = _set_of("n s e w ne nw se sw")
_SMALL_WORDS: Final = _set_of("the of de del la el los las y and")
_UNIT: Final = re.compile(
    r"(?:\b(?:apartment|apt|unit|suite|ste|room|rm|floor|fl|bldg|building|lot|space|spc|apartamento"
    r"|apto|departamento|depto|dpto|piso|local|oficina|ofna)\b\.?\s*#?\s*|#\s*)([0-9a-z][0-9a-z-]*)"
)
_HALF: Final = r"(?:[\s-]?\d/\d)?"
_NUMBER: Final = re.compile(
    rf"^(?:no|num|numero|nr)?\s*(\d{{1,6}}(?:-\d{{1,5}})?)\s?([a-z]?){_HALF}$"
)
_LEADING: Final = re.compile(
    r"^(?:(?:no|num|numero|nr)\s+)?"
    rf"(\d{{1,6}}(?:\s?-\s?\d{{1,5}}(?!/))?(?:\s?(?:[a-z]|bis|ter)(?=\s))?{_HALF})\s+(\S.*)$"
)
_RUN_ON: Final = re.compile(r"^(\d{1,6})(?!(?:st|nd|rd|th|er|eme)\b)([a-z]{3,}.*)$")
# "Pier 3 The Embarcadero": a number that begins with a word.
_WORDED: Final = re.compile(rf"^([a-z]+ \d{{1,5}}[a-z]?{_HALF})\s+(\S.*)$")
_SPAN: Final = re.compile(r"^(\d{1,6})\s*-\s*(\d{1,6})$")
_LONGEST_SPAN: Final = 60
_TRAILING: Final = re.compile(
    r"^(\S.*?\D)\s+(?:(?:no|num|numero|nr)\s+)?(\d{1,6}(?:-\d{1,5})?[a-z]?)$"
)
_CORNER_START: Final = re.compile(
    r"^(?:(?:the|la)\s+)?(?:(?:near|cerca de)\s+(?:the\s+|la\s+)?)?"
    r"(?:(?:street\s+)?corner|intersection|junction|crossing|cross streets?|esquina|cruce"
    r"|interseccion)(?:\s+(?:of|at|de|entre|con))?\s+(?:la\s+|el\s+)?"
)
_CORNER_SPLIT: Final = re.compile(
    r"\s*(?:&|/|\+|@|\\)\s*"
    r"|\s+(?:and|at|x|y|e|con|cross|near|between|entre|corner of|corner|esquina con|esquina de|esquina|esq)\s+"
)
_BETWEEN: Final = re.compile(
    r"^(?:on\s+|en\s+)?(.*?)\s+(?:between|betw|btwn|btw|bet|entre)\s+(.*?)(?:\s+(?:and|y|e)\s+|\s*[&/+]\s*)(.*)$"
)
# What kind of place it is, said beside its name: "Union Station", "gare de Monaco", "parque Alder".
_PLACE_WORDS: Final = _set_of(
    "station estacion gare bahnhof stazione estacao metro subway stop parada park parque parc library biblioteca "
    "bibliotheque school escuela ecole hotel museum museo musee church iglesia eglise hospital restaurant restaurante "
    "cafe bar store tienda shop building edificio garden jardin beach playa playground plaza market mercado"
)
# Brackets are an aside, "(1-43 Sea Colony Dr)", unless they name a unit, "(Bldg 1)".
_ASIDE: Final = re.compile(
    r"\(\s*((?:apt|unit|ste|suite|bldg|building|#)[^)]*)?[^)]*\)?", re.IGNORECASE
)
_BLOCK_OF: Final = re.compile(r"^(\d+)\s+(?:block|cuadra)\s+(?:of\s+|de\s+)?")
_FRACTIONS: Final = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "\u2044": "/"})
_POSTCODE: Final = re.compile(r"^(?:[a-z]{2}\s+)?\d{5}(?:-\d{4})?$|^[a-z]{2}$|^usa?$")


def plain(text: str) -> str:
    """Small letters without accents, punctuation that means nothing removed, single spaces."""
    # Twice: lettering such as \N{MATHEMATICAL SANS-SERIF CAPITAL A} only has small letters once it is taken apart.
    small = unicodedata.normalize("NFKD", text.translate(_FRACTIONS)).casefold()
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", small)
        if not unicodedata.combining(letter)
    )
    bare = re.sub(r"[.'\u2019`\u02bb\u00b4]", "", bare)
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s#&/+@,\\-]|_", " ", bare)).strip()


@lru_cache(maxsize=20_000)
def street_norm(name: str) -> str:
    """A street's name in the form it is compared in: "Saint John's Avenue" is "st johns ave"."""
    words = re.split(r"[\s,\-/]+", plain(name).replace("&", " and "))
    short = [_SHORT.get(word, word) for word in words if word]
    # "Calle de la Luna" and "Calle Luna" are one street to the person who types.
    kept = [word for word in short if word not in _SMALL_WORDS]
    return " ".join(kept or short)


def spellings(word: str) -> list[str]:
    """A word of a street's name as typed and in its other forms: "blvd" is also "boulevard"."""
    short = _SHORT.get(plain(word))
    others = [short, *_SAME_WORDS[short].split()] if short else []
    return list(dict.fromkeys([word, *others]))


@lru_cache(maxsize=20_000)
def core(norm: str) -> str:
    """A normalized name without its type and direction: "n mill ln" is "mill". Never empty."""
    words = norm.split()
    kept = [word for word in words if word not in TYPES and word not in DIRECTIONS]
    return " ".join(kept or words)


def digits_of(norm: str) -> frozenset[str]:
    """The words with a digit: 4th and 14th look alike, but are never the same street."""
    return frozenset(word for word in norm.split() if any(letter.isdigit() for letter in word))


def numbers_of(norm: str) -> frozenset[str]:
    """The numbers in a name: "4th st" and the misspelt "4ht st" both have 4."""
    return frozenset(re.findall(r"\d+", norm))


def unlike(typed: set[str], name: set[str]) -> set[str]:
    """Typed words that a name lacks, unless both only say "street"."""
    extra = typed - name
    return extra - _ANY_STREET if name & _ANY_STREET else extra


@lru_cache(maxsize=20_000)
def mended(norm: str) -> str:
    """The name with slips in its common words put right: "polk streat" is "polk st". It may be the same."""
    return " ".join(_mended(word) for word in norm.split())


def _mended(word: str) -> str:
    if len(word) < _SHORTEST_SLIP or word in _SHORT or not word.isalpha():
        return word
    most = 1 if len(word) < _LONG_WORD else 2
    found = process.extractOne(word, _SPELLED, scorer=OSA.distance, score_cutoff=most)
    return _SHORT[found[0]] if found else word


def ordinal(number: str) -> str:
    """ "4" as "4th", "22" as "22nd"."""
    teen = number[-2:] in {"11", "12", "13"}
    return number + ("th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th"))


@dataclass(frozen=True)
class House:
    """A house number as typed, for sorting and interpolating: "14B" is (14, "b")."""

    number: int
    suffix: str = ""


def house(number: str) -> House:
    """A house number as written in an address list. "91-33" is block 91, house 33: 9133."""
    found = re.match(r"^\s*(\d{1,6})(?:\s?-\s?(\d{1,5})(?![/\d]))?[\s-]*(.*)$", plain(number))
    if found is None:
        return House(0, plain(number).replace(" ", ""))
    first, second, rest = found.groups()
    whole = int(first + second) if second else int(first)
    return House(min(whole, 2_000_000_000), rest.replace(" ", ""))


def houses(number: str) -> list[House]:
    """Every number that a written one stands for: "12-16" is found by itself and by 12, 14 and 16."""
    found = [house(number)]
    span = _SPAN.match(number.strip())
    if span:
        first, last = int(span[1]), int(span[2])
        if 0 < last - first <= _LONGEST_SPAN:
            step = 2 if (last - first) % 2 == 0 else 1
            found += [House(one) for one in range(first, last + 1, step)]
    return found


@dataclass(frozen=True)
class Typed:
    """What a person typed, taken apart: `corner` is two street names, `between` one and the two that it lies between."""

    text: str
    number: str = ""
    street: str = ""
    unit: str = ""
    corner: tuple[str, str] | None = None
    between: tuple[str, str, str] | None = None


def take_apart(text: str, *, city_names: tuple[str, ...] = ()) -> Typed:
    """Find a house number, a street, a unit or two crossing streets in typed text (at most 200 letters)."""
    bare = _ASIDE.sub(r" \1 ", text[:200])
    bare = _BLOCK_OF.sub(r"\1 ", _without_city(plain(bare), city_names))
    start = _CORNER_START.match(bare)
    corner = _corner(bare[start.end() :] if start else bare)
    between = _BETWEEN.match(bare)
    bare, unit = _without_unit(bare)
    bare = bare.replace(",", " ").replace("#", " ")
    bare = re.sub(r"\s+", " ", bare).strip()
    number, street = "", ""
    if leading := _LEADING.match(bare):
        number, street = leading[1], leading[2]
    elif trailing := _TRAILING.match(bare):
        street, number = trailing[1], trailing[2]
    elif run_on := _RUN_ON.match(bare):
        number, street = run_on[1], run_on[2]
    elif worded := _WORDED.match(bare):
        number, street = worded[1], worded[2]
    return Typed(bare, re.sub(r"\s+(?!\d/)", "", number), street, unit, corner, _three(between))


def _without_city(bare: str, city_names: tuple[str, ...]) -> str:
    """Leave out ", Springfield, CA 90401" at the end of a postal address."""
    parts = [part.strip() for part in bare.split(",") if part.strip()]
    names = {plain(name) for name in city_names}
    while len(parts) > 1:
        last = parts[-1]
        known = last in names or _POSTCODE.match(last)
        if not known and not any(last.startswith(f"{name} ") for name in names):
            break
        parts.pop()
    return ", ".join(parts)


def _without_unit(bare: str) -> tuple[str, str]:
    """The text without "Apt 3", and the 3. A unit that opens the text counts only before a number."""
    found = _UNIT.search(bare)
    if found is None or (found.start() == 0 and not bare[found.end() :].strip(" ,")[:1].isdigit()):
        return bare, ""
    return f"{bare[: found.start()]} {bare[found.end() :]}".strip(), found[1]


def _corner(bare: str) -> tuple[str, str] | None:
    parts = [part.strip(" ,") for part in _CORNER_SPLIT.split(bare)]
    parts = [part for part in parts if part]
    if len(parts) != 2:
        return None
    return parts[0], parts[1]


def _three(found: re.Match[str] | None) -> tuple[str, str, str] | None:
    if found is None:
        return None
    street, a, b = (part.strip(" ,") for part in found.groups())
    return (street, a, b) if street and a and b else None


def without_place_words(norm: str) -> str:
    """A name without what kind of place it is; "" when nothing else was said, or no kind."""
    words = norm.split()
    kept = [word for word in words if word not in _PLACE_WORDS]
    return " ".join(kept) if len(kept) < len(words) else ""


def is_number(text: str) -> bool:
    """True for a bare house number, "14", "14b", "91-33"."""
    return _NUMBER.match(text) is not None


def grown(box: Box | None, lon: float, lat: float) -> Box:
    """The box made large enough for one more point."""
    if box is None:
        return lon, lat, lon, lat
    return min(box[0], lon), min(box[1], lat), max(box[2], lon), max(box[3], lat)
