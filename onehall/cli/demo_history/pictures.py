"""Drawn photos for the demo's cases: a few scenes, drawn once and shared by many cases."""

import os
import random
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any, Final, Self

from onehall.casework import bulk
from onehall.catalog.services import PRIVATE, ServiceDefinition
from onehall.cli import demo_pictures
from onehall.kernel import storage
from onehall.kernel.photos.picture import encode
from onehall.places.models import City

SCENES: Final = 2
"""Scenes of each kind; each is drawn before and after the work."""
RECENT: Final = timedelta(days=120)

type Scene = tuple[str, bool, int]


@dataclass(slots=True)
class Drawn:
    """Stored names of one picture in its sizes."""

    name: str
    small: str
    thumb: str


def _draw(scene: Scene) -> tuple[bytes, bytes, bytes]:
    files = encode(demo_pictures.draw(*scene))
    return files.jpeg, files.small, files.thumb


@dataclass(slots=True)
class _Planned:
    id: int
    case_id: int
    scene: Scene
    at: datetime
    key: uuid.UUID
    is_private: bool


@dataclass(slots=True)
class Album:
    """Pictures by scene, and which case shows which."""

    coming: Mapping[Scene, Future[tuple[bytes, bytes, bytes]]]
    drawn: dict[Scene, Drawn] = field(default_factory=dict)
    planned: list[_Planned] = field(default_factory=list)
    next_id: int = 0

    @classmethod
    @contextmanager
    def begun(cls) -> Iterator[Self]:
        """An album whose scenes are drawn on all cores meanwhile: it waits when one is first shown.

        No database connection may be open when it begins, because the drawing processes are forks.
        """
        wanted: list[Scene] = [
            (kind, after, seed)
            for kind in sorted(demo_pictures.KINDS)
            for seed in range(SCENES)
            for after in (False, True)
        ]
        pool = ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("fork"))
        try:
            yield cls({scene: pool.submit(_draw, scene) for scene in wanted})
        finally:
            pool.shutdown(cancel_futures=True)

    def shown(self, scene: Scene) -> Drawn:
        """The stored files of a scene."""
        if scene not in self.drawn:
            large, small, thumb = (storage.put(data, "jpg") for data in self.coming[scene].result())
            self.drawn[scene] = Drawn(large, small, thumb)
        return self.drawn[scene]

    def reserve(self, first_id: int) -> None:
        """Photo ids are given from here on, so that timeline entries can name them."""
        self.next_id = first_id

    def plan(
        self,
        service: ServiceDefinition,
        case_id: int,
        at: datetime,
        until: datetime,
        rng: random.Random,
    ) -> int | None:
        """Give a case its before photo and maybe an after photo; the id of the latter."""
        kind = demo_pictures.KIND_OF.get(service.key)
        if kind is None or at < until - RECENT or rng.random() < 0.25:
            return None
        seed = rng.randrange(SCENES)
        hidden = service.photos_public == PRIVATE
        self._add(case_id, (kind, False, seed), at, rng, is_private=hidden)
        return self._add(case_id, (kind, True, seed), at, rng, is_private=False)

    def _add(
        self, case_id: int, scene: Scene, at: datetime, rng: random.Random, *, is_private: bool
    ) -> int:
        self.next_id += 1
        key = uuid.UUID(int=rng.getrandbits(128), version=4)
        self.planned.append(_Planned(self.next_id, case_id, scene, at, key, is_private))
        return self.next_id

    def store(self, cursor: Any, city: City, request_of: dict[int, int]) -> None:
        """Write the photos of the cases just stored; after photos only where the case used them."""
        cursor.execute(
            "SELECT DISTINCT (jsonb_array_elements_text(data->'photos'))::bigint"
            " FROM casework_timelineentry WHERE case_id = ANY(%s) AND kind = 'moved' AND data ? 'photos'",
            [[p.case_id for p in self.planned]],
        )
        used = {row[0] for row in cursor.fetchall()}
        rows = []
        for photo in self.planned:
            after = photo.scene[1]
            if after and photo.id not in used:
                continue
            files = self.shown(photo.scene)
            rows.append(
                (photo.id, city.id, photo.case_id, photo.key, None if after else request_of.get(photo.case_id),
                 "after" if after else "before", 100 if after else 0, 1200, 900, files.name, files.small,
                 files.thumb, files.name, "", "", "{}", not photo.is_private, photo.is_private, False, photo.at)
            )  # fmt: skip
        columns = (
            "id", "city_id", "case_id", "key", "request_id", "kind", "position", "width", "height", "name",
            "small_name", "thumb_name", "original_name", "clean_name", "words", "facts", "is_public",
            "is_private", "redacted", "created_at",
        )  # fmt: skip
        bulk.copy_rows(cursor, "casework_photo", columns, rows)
        self.planned = []
