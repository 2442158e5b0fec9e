"""What residents answered about a case. The reports are kept in a room above, which registers how to read them."""

from collections.abc import Callable
from typing import Any, Final

type Reader = Callable[[int], dict[str, Any]]
"""The answers about a case by its id: the first one given to each question."""

_readers: Final[dict[str, Reader]] = {}


def provide(name: str, reader: Reader) -> None:
    """Register a source of answers; once per name, in `AppConfig.ready`."""
    if _readers.setdefault(name, reader) is not reader:
        raise ValueError(f"The answers of {name!r} have a reader already.")


def answers_of(case_id: int) -> dict[str, Any]:
    """Every answer that is known about a case."""
    found: dict[str, Any] = {}
    for reader in _readers.values():
        found |= reader(case_id)
    return found
