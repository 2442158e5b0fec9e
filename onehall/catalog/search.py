"""Finds a service from a resident's own words: any language of the city, typing errors, parts of words.

The index is built once per catalogue; a search is pure and takes well under two milliseconds for 200 services.
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from onehall.catalog.services import ServiceDefinition, Words
from onehall.catalog.synonyms import SAME, STOP

NAME, KEYWORD, SUMMARY, OPTION = 1.0, 0.95, 0.4, 0.35
"""How much a word counts by where it stands."""

_EXACT, _SYNONYM, _PREFIX, _TYPO = 1.0, 0.75, 0.8, 0.65
_OTHER_LANGUAGE: Final = 0.9
_MOST_WORDS: Final = 12
_WORST: Final = 0.24
_FAR_BEHIND: Final = 0.5
"""Of the best score: what fits less than half as well only hides the one that was meant."""
_WHERE: Final = 0.6
LEARNED: Final = 0.3
"""The most that corrections by the staff add to the score of a service."""
_LETTERS = re.compile(r"[a-z0-9]+")
_SOMEWHERE = re.compile(
    r"\b(?:on|in|at|by|near|en|sobre|por)\s+(?:the|my|our|a|la|el|mi|las|los|una?)\s+([a-z0-9]+)"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that fits, how well (0 to 1), and the words of the catalogue that matched."""

    service: ServiceDefinition
    score: float
    why: str
    boost: float = 0.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A name, keyword or sentence of a service: its stems and what it is worth."""

    service: int
    language: str
    text: str
    weight: float
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Index:
    """Phrases by stem, how rare each stem is, and the meanings that stems share."""

    services: tuple[ServiceDefinition, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    by_stem: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    rarity: Mapping[str, float] = field(default_factory=dict)
    stems: tuple[str, ...] = ()
    same: Mapping[str, frozenset[str]] = field(default_factory=dict)


class HasIndex(Protocol):
    """What a search needs: a catalogue has it."""

    @property
    def index(self) -> Index:
        """The search index."""
        ...


def fold(text: str) -> str:
    """Small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def stem(word: str) -> str:
    """A word without its commonest English and Spanish endings."""
    for ending, keep in (("ies", 3), ("es", 4), ("ing", 4), ("ed", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= keep and not word.endswith("ss"):
            base = word[: -len(ending)]
            if ending == "es" and base[-1] not in "sxzhrlnd":
                return base + "e"
            return base + "y" if ending == "ies" else base
    return word


def stems_of(text: str) -> list[str]:
    """The telling words of a text, in order; every word when all of them are common ones."""
    words = _LETTERS.findall(fold(text))
    telling = [w for w in words if w not in STOP]
    return [stem(w) for w in telling or words]


def build_index(services: Sequence[ServiceDefinition], languages: Sequence[str]) -> Index:
    """The index over names, keywords, summaries and answers of these services."""
    phrases: list[Phrase] = []
    for number, service in enumerate(services):
        for language, text, weight in _texts(service, languages):
            if found := frozenset(stems_of(text)):
                phrases.append(Phrase(number, language, text, weight, found))
    by_stem: dict[str, list[int]] = defaultdict(list)
    holders: dict[str, set[int]] = defaultdict(set)
    for number, phrase in enumerate(phrases):
        for one in phrase.stems:
            by_stem[one].append(number)
            holders[one].add(phrase.service)
    total = max(len(services), 1)
    return Index(
        services=tuple(services),
        phrases=tuple(phrases),
        by_stem={one: tuple(found) for one, found in by_stem.items()},
        rarity={one: 0.4 + math.log(1 + total / len(held)) for one, held in holders.items()},
        stems=tuple(by_stem),
        same=_meanings(languages),
    )


def _texts(
    service: ServiceDefinition, languages: Sequence[str]
) -> Iterable[tuple[str, str, float]]:
    first = languages[0] if languages else "en"
    for language, text in _by_language(service.name, first):
        yield language, text, NAME
    for language, words in service.keywords.items():
        for word in words:
            yield language, word, KEYWORD
    for language, text in _by_language(service.summary, first):
        yield language, text, SUMMARY
    for question in service.questions:
        for option in question.options:
            for language, text in _by_language(option.label, first):
                yield language, text, OPTION


def _by_language(words: Words, first: str) -> Iterable[tuple[str, str]]:
    return words.items() if isinstance(words, dict) else [(first, words)]


def _meanings(languages: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for language in languages:
        for words in SAME.get(language.partition("-")[0], ()):
            stems = frozenset(stem(w) for w in words)
            for one in stems:
                found[one] = found.get(one, frozenset()) | stems
    return found


def find_services(
    catalogue: HasIndex,
    text: str,
    language: str,
    limit: int = 8,
    *,
    learned: Mapping[str, float] | None = None,
) -> list[Hit]:
    """The services that fit a text best, best first; [] for nothing to go by.

    `learned` says for services by key how sure the staff's corrections make them (0 to 1): each adds at
    most `LEARNED` to the score, so that what the catalogue itself says in full still comes first.
    Words that say where ("on the sidewalk") count less than words that say what.
    """
    index = catalogue.index
    asked = list(dict.fromkeys(stems_of(text)))[:_MOST_WORDS]
    if not asked or not index.phrases:
        return []
    matches = [_matching(index, one) for one in asked]
    where = {stem(word) for word in _SOMEWHERE.findall(fold(text))}
    weights = [
        _asked_weight(index, found) * (_WHERE if one in where else 1.0)
        for one, found in zip(asked, matches, strict=True)
    ]
    best: dict[int, list[float]] = defaultdict(lambda: [0.0] * len(asked))
    covered: dict[int, float] = defaultdict(float)
    for number, found in enumerate(matches):
        for one, quality in found.items():
            for place in index.by_stem[one]:
                phrase = index.phrases[place]
                worth = quality * phrase.weight * _in(language, phrase.language)
                covered[place] += quality / len(phrase.stems)
                if worth > best[phrase.service][number]:
                    best[phrase.service][number] = worth
    hits = _ranked(index, language, best, weights, covered)
    return _first(_boosted(index, hits, learned or {}), limit)


def _in(language: str, other: str) -> float:
    same = language == other or language.partition("-")[0] == other
    return 1.0 if same else _OTHER_LANGUAGE


def _asked_weight(index: Index, found: Mapping[str, float]) -> float:
    """What one word of the resident counts for: a rare word more, an unknown one little."""
    if not found:
        return 0.5
    top = max(found.values())
    return max(index.rarity[one] for one, quality in found.items() if quality == top)


def _matching(index: Index, asked: str) -> dict[str, float]:
    """Stems of the index that the word may mean, with how sure that is (0 to 1)."""
    found = {one: _SYNONYM for one in index.same.get(asked, ()) if one in index.by_stem}
    if asked in index.by_stem:
        return found | {asked: _EXACT}
    if len(asked) >= 3:
        for one in index.stems:
            if one.startswith(asked) or (len(one) >= 4 and asked.startswith(one)):
                found[one] = max(found.get(one, 0.0), _PREFIX * _share(one, asked))
    if found or len(asked) < 4:
        return found
    return _misspelt(index, asked)


def _misspelt(index: Index, asked: str) -> dict[str, float]:
    """Stems that the word may be a typing error of; else the meaning of a word it may be."""
    most = 1 if len(asked) < 8 else 2
    close = process.extract(asked, index.stems, scorer=OSA.distance, score_cutoff=most, limit=5)
    if close:
        return {one: _TYPO / distance for one, distance, _ in close}
    known = process.extract(
        asked, list(index.same), scorer=OSA.distance, score_cutoff=most, limit=1
    )
    return {
        one: _TYPO * _SYNONYM
        for word, _, _ in known
        for one in index.same[word]
        if one in index.by_stem
    }


def _share(one: str, other: str) -> float:
    """Nearly 1 when one word is only a little longer than the other."""
    return 0.5 + 0.5 * min(len(one), len(other)) / max(len(one), len(other))


def _ranked(
    index: Index,
    language: str,
    best: Mapping[int, list[float]],
    weights: Sequence[float],
    covered: Mapping[int, float],
) -> list[Hit]:
    """Scores: the share of the resident's words that fit, plus how much of one phrase they say."""
    whole: dict[int, tuple[float, int]] = {}
    for place, share in covered.items():
        phrase = index.phrases[place]
        value = min(share, 1.0) * phrase.weight * _in(language, phrase.language)
        if value > whole.get(phrase.service, (0.0, 0))[0]:
            whole[phrase.service] = (value, place)
    total = sum(weights)
    hits = []
    for number, values in best.items():
        said = sum(v * w for v, w in zip(values, weights, strict=True)) / total
        phrase_value, place = whole[number]
        score = 0.65 * said + 0.35 * phrase_value
        if score >= _WORST:
            why = index.phrases[place].text
            hits.append(Hit(index.services[number], round(score, 3), why))
    return hits


def _boosted(index: Index, hits: list[Hit], learned: Mapping[str, float]) -> list[Hit]:
    """The hits with what corrections add; a service that only they name is among them."""
    found = {hit.service.key: hit for hit in hits}
    for service in index.services:
        if share := learned.get(service.key):
            hit = found.get(service.key) or Hit(service, 0.0, "")
            more = LEARNED * min(share, 1.0)
            found[service.key] = replace(hit, score=round(hit.score + more, 3), boost=more)
    return list(found.values())


def _first(hits: list[Hit], limit: int) -> list[Hit]:
    hits.sort(key=lambda h: (-h.score, not h.service.common, h.service.position, h.service.key))
    best = hits[0].score if hits else 0.0
    return [hit for hit in hits[:limit] if hit.boost or hit.score >= _FAR_BEHIND * best]
