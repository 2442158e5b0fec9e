"""What is worked out once per city and revision and then kept in memory: bounded, built by one thread only."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

type Key = tuple[int, str]


@dataclass
class _Slot[T]:
    lock: threading.Lock = field(default_factory=threading.Lock)
    built: list[T] = field(default_factory=list)


class Held[T]:
    """Keeps `T` per key for the `most` cities used last; a second thread waits for the first one's work."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._slots: OrderedDict[Key, _Slot[T]] = OrderedDict()

    def get(self, key: Key, build: Callable[[], T]) -> T:
        """The value for (city id, digest); an older value of the same city is dropped."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                for other in [k for k in self._slots if k[0] == key[0]]:
                    del self._slots[other]
                slot = self._slots[key] = _Slot()
                while len(self._slots) > self._most:
                    self._slots.popitem(last=False)
            self._slots.move_to_end(key)
        with slot.lock:
            if not slot.built:
                slot.built.append(build())
            return slot.built[0]

    def forget(self, city_id: int | None = None) -> None:
        """Drop one city, or everything."""
        with self._lock:
            for key in [k for k in self._slots if city_id is None or k[0] == city_id]:
                del self._slots[key]
