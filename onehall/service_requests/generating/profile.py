"""A profile: when, what and how people report, as sums of published data. YAML; its fields are in docs/operate/generate.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onehall.kernel.yamlfile import Node
from onehall.service_requests import profile_files
from onehall.service_requests.profile_files import ProfileError as ProfileError

FOLDER: Final = Path(__file__).resolve().parent / "profiles"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANNELS: Final = ("web", "phone", "staff", "api")
SHARES: Final = ("reopened", "worked", "accepted", "refused", "named", "told", "rated")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: how often, and the hours after which 10, 50 and 90 % of them are closed."""

    name: str
    weight: float
    hours: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Storms:
    """Some days in a row with several times as many reports."""

    per_year: int
    days: int
    times: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All figures of one city. `people` are the shares of cases that 1, 2, 3 ... people tell of."""

    key: str
    name: str
    digest: str
    week: tuple[tuple[float, ...], ...]
    months: tuple[float, ...]
    channels: Mapping[str, float]
    people: tuple[float, ...]
    storms: Storms
    still_open: tuple[tuple[int, float], ...]
    """Share that is open although its time is over, from an age in days on; the oldest age first."""
    shares: Mapping[str, float]
    hot_places: int
    hot_share: float
    kinds: tuple[Kind, ...]


def names() -> list[str]:
    """The profiles that come with Onehall."""
    return profile_files.names(FOLDER)


def load(name: str) -> Profile:
    """A profile by its name, or from a .yaml file of the operator's own. Raises `ProfileError`."""
    return profile_files.load(FOLDER, name, _profile)


def _profile(node: Node, digest: str) -> Profile:
    week = node.mapping("week", required=True)
    storms, hot = node.mapping("storms"), node.mapping("hot_spots")
    channels, shares = node.mapping("channels", required=True), node.mapping("shares")
    found = Profile(
        key=node.key("key"),
        name=node.text("name", required=True),
        digest=digest,
        week=tuple(_weights(week, day, 24) for day in DAYS),
        months=_weights(node, "months", 12),
        channels={name: channels.number(name, default=0, minimum=0) or 0 for name in CHANNELS},
        people=_weights(node, "people"),
        storms=Storms(
            storms.whole("per_year", default=0, minimum=0, maximum=12) or 0,
            storms.whole("days", default=1, minimum=1, maximum=30) or 1,
            storms.number("times", default=1, minimum=1, maximum=100) or 1,
        ),
        still_open=_still_open(node),
        shares={name: _share(shares, name) for name in SHARES},
        hot_places=hot.whole("places", default=0, minimum=0, maximum=10_000) or 0,
        hot_share=_share(hot, "share"),
        kinds=tuple(_kind(item) for item in node.listing("services", required=True)),
    )
    if channels.present and not sum(found.channels.values()):
        channels.problem('"channels" has no weights.', f"Name one of {', '.join(CHANNELS)}.")
    for part in (week, storms, hot, channels, shares, node):
        part.finish()
    return found


def _share(node: Node, key: str) -> float:
    return node.number(key, default=0, minimum=0, maximum=1) or 0


def _weights(node: Node, key: str, length: int | None = None) -> tuple[float, ...]:
    """Weights that are not all nothing; so many where that is fixed."""
    found = []
    for item in node.listing(key, required=True):
        value = item.value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            item.expected("a number from 0 on")
            return (1.0,) * (length or 1)
        found.append(float(value))
    if not found:
        return (1.0,) * (length or 1)
    if length is not None and len(found) != length:
        node.problem(f'"{key}" has {len(found)} weights.', f"Write {length}.", key=key)
        return (1.0,) * length
    if not sum(found):
        node.problem(f'"{key}" has only zeros.', "Write at least one weight.", key=key)
        return (1.0,) * len(found)
    return tuple(found)


def _still_open(node: Node) -> tuple[tuple[int, float], ...]:
    found = []
    for item in node.listing("still_open"):
        found.append((item.whole("days", required=True, minimum=0) or 0, _share(item, "share")))
        item.finish()
    return tuple(sorted(found, reverse=True))


def _kind(node: Node) -> Kind:
    name = node.text("name", required=True)
    weight = node.number("weight", required=True, minimum=0) or 0
    hours = _weights(node, "hours", 3)
    if not 0 < hours[0] <= hours[1] <= hours[2]:
        node.problem('"hours" must grow.', "Write the hours of 10, 50 and 90 %.", key="hours")
        hours = (1.0, 1.0, 1.0)
    node.finish()
    return Kind(name, weight, (hours[0], hours[1], hours[2]))
