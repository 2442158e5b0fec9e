"""Cases, their append-only timeline, tasks, photos and timers."""

from datetime import datetime
from typing import Self, override

from django.db import models
from django.utils.translation import gettext_lazy as _

from onehall.casework.archive_models import Archive as Archive
from onehall.casework.case_rows import Attachment as Attachment
from onehall.casework.case_rows import CaseLink as CaseLink
from onehall.casework.case_rows import Effort as Effort
from onehall.casework.case_rows import ForYou as ForYou
from onehall.casework.case_rows import MailWish as MailWish
from onehall.casework.case_rows import Presence as Presence
from onehall.casework.case_rows import Watcher as Watcher
from onehall.casework.clock_models import CasePause as CasePause
from onehall.casework.clock_models import CaseTarget as CaseTarget
from onehall.casework.corrections import Correction as Correction
from onehall.casework.hand_over_models import HandOver as HandOver
from onehall.casework.hold_models import Hold as Hold
from onehall.casework.map_models import MapBasis as MapBasis
from onehall.casework.map_models import MapChange as MapChange
from onehall.casework.map_models import MapSum as MapSum
from onehall.casework.map_models import PiledSpot as PiledSpot
from onehall.casework.on_map import ON_PUBLIC_MAP
from onehall.casework.photo_models import Photo as Photo
from onehall.casework.timer_models import Timer as Timer
from onehall.casework.to_erase import TO_ARCHIVE, TO_ERASE
from onehall.people.actor import Actor
from onehall.people.models import Queue


class CaseQuerySet(models.QuerySet["Case"]):
    """The vocabulary for finding cases."""

    def of_city(self, city_id: int) -> Self:
        """Cases of one city: the first filter of every query."""
        return self.filter(city_id=city_id)

    def visible_to(self, actor: Actor) -> Self:
        """Cases that this member of staff may see; nothing for anybody else."""
        mine = self.filter(city_id=actor.city_id)
        if not actor.is_staff or not actor.may("see_cases"):
            return mine.none()
        mine = mine.in_areas(actor)
        if actor.department_id is None or actor.sees_department(None):
            return mine
        # Not a join but the ids themselves: so the planner walks the inbox in its order.
        if actor.visible_queue_ids is not None:
            return mine.filter(queue_id__in=sorted(actor.visible_queue_ids))
        own = Queue.objects.filter(department_id=actor.department_id)
        return mine.filter(queue_id__in=own.values("pk"))

    def in_areas(self, actor: Actor) -> Self:
        """Those within the areas that somebody's work is limited to; all of them where it is not."""
        if not actor.areas:
            return self
        inside = models.Q()
        for layer, codes in actor.codes_by_layer.items():
            inside |= models.Q(**{f"areas__{layer}__in": codes})
        return self.filter(inside)

    def reachable_by(self, actor: Actor) -> Self:
        """Those of `visible_to`, and others on which a queue of theirs has or had a task. For one case, not for lists."""
        seen = self.visible_to(actor)
        if not actor.is_staff or actor.visible_queue_ids is None:
            return seen
        theirs = Task.objects.filter(
            case_id=models.OuterRef("pk"), queue_id__in=sorted(actor.visible_queue_ids)
        )
        mine = models.Q(queue_id__in=sorted(actor.visible_queue_ids)) | models.Exists(theirs)
        return self.filter(mine, city_id=actor.city_id).in_areas(actor)

    def open(self) -> Self:
        """Cases on which somebody still has to work."""
        return self.filter(is_open=True)

    def late(self, now: datetime) -> Self:
        """Open cases whose promise is over; not those whose clock stands still."""
        return self.filter(is_open=True, paused_at=None, due_order__lt=now)

    def at_risk(self, now: datetime) -> Self:
        """Open cases that are not late yet but should not wait: near the end of one of their targets, or past a lesser one."""
        near = CaseTarget.objects.filter(ended_at=None, risk_at__lte=now).values("case_id")
        soon = models.Q(risk_at__lte=now) | models.Q(pk__in=near)
        return self.filter(soon, is_open=True, paused_at=None, due_order__gte=now)


class Case(models.Model):
    """One piece of city work. `lock` is the number of its last timeline entry.

    `erased` says what of it the city's rules erased since it ended: bits of `to_erase.BITS`.
    `archive` is where its history lies when it is not in the tables (`restoring.PARTS`); `archived_channel` is then how it
    came in, as its first entry says, for lists ask for that.
    `held_tasks` are its tasks as read with the lock on the row; None when they were not.
    """

    held_tasks: "list[Task] | None" = None

    class Priority(models.IntegerChoices):
        """How far ahead of others; a service may promise sooner for the higher ones."""

        NORMAL = 0, _("Normal")
        HIGH = 1, _("High")
        URGENT = 2, _("Urgent")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    service = models.ForeignKey("catalog.Service", on_delete=models.PROTECT, db_index=False)
    flow_version = models.ForeignKey(
        "catalog.FlowVersion", on_delete=models.PROTECT, db_index=False
    )
    queue = models.ForeignKey("people.Queue", on_delete=models.PROTECT, db_index=False)
    assignee = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        db_index=False,
    )
    asset = models.ForeignKey(
        "places.Asset", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    archive = models.ForeignKey(
        Archive, null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    due_order = models.DateTimeField()
    promised_at = models.DateTimeField(null=True, blank=True)
    counted_from = models.DateTimeField(null=True, blank=True)
    risk_at = models.DateTimeField(null=True, blank=True)
    ladder_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    cell = models.BigIntegerField(null=True, blank=True)
    lock = models.PositiveIntegerField(default=0)
    entered = models.PositiveIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    people_count = models.PositiveSmallIntegerField(default=1)
    reopened = models.PositiveSmallIntegerField(default=0)
    ladder_step = models.PositiveSmallIntegerField(default=0, db_default=0)
    erased = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_open = models.BooleanField()
    is_public = models.BooleanField(default=True)
    unread_reply = models.BooleanField(default=False)
    number = models.CharField(max_length=24)
    state = models.CharField(max_length=40)
    previous_state = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=20)
    outcome = models.CharField(max_length=40, blank=True)
    route_reason = models.JSONField(null=True, blank=True)
    place_words = models.CharField(max_length=300, blank=True)
    part_words = models.CharField(
        max_length=120, blank=True, default="", db_default=models.Value("")
    )
    areas = models.JSONField(default=dict, blank=True)
    archived_channel = models.CharField(
        max_length=8, blank=True, default="", db_default=models.Value("")
    )
    head = models.BinaryField(max_length=32, null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="case_number_unique_per_city"),
            models.CheckConstraint(
                name="case_place_whole_or_absent",
                condition=models.Q(lon=None, lat=None, cell=None)
                | models.Q(lon__isnull=False, lat__isnull=False, cell__isnull=False),
                violation_error_message="A place needs longitude, latitude and its map cell.",
            ),
            models.CheckConstraint(
                name="case_open_has_no_end",
                condition=models.Q(is_open=False) | models.Q(closed_at=None, merged_into=None),
                violation_error_message="An open case has no closing time and is not joined.",
            ),
            models.CheckConstraint(
                name="case_is_no_part_of_itself",
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("id")),
                violation_error_message="A case is no part of itself.",
            ),
            models.CheckConstraint(
                name="case_archived_has_ended",
                condition=models.Q(archive=None) | models.Q(is_open=False),
                violation_error_message="An open case has its history at hand.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["city", "queue", "due_order", "id"],
                # What the counts of the rail ask, so that they never visit the rows.
                include=["paused_at", "assignee", "reopened", "unread_reply"],
                name="case_inbox",
                condition=models.Q(is_open=True),
            ),
            models.Index(
                "city", "due_order", "id", name="case_open_due", condition=models.Q(is_open=True)
            ),
            models.Index(
                "city",
                "assignee",
                "due_order",
                "id",
                name="case_mine",
                condition=models.Q(is_open=True, assignee__isnull=False),
            ),
            models.Index(
                # Of open and ended cases, so that the few unread ones are found without the archive.
                fields=["city", "due_order", "id"],
                include=["queue", "is_open"],
                name="case_unread",
                condition=models.Q(unread_reply=True),
            ),
            models.Index(
                "city",
                "risk_at",
                name="case_risk",
                condition=models.Q(is_open=True, risk_at__isnull=False),
            ),
            models.Index(
                "ladder_at",
                "id",
                name="case_ladder",
                condition=models.Q(is_open=True, ladder_at__isnull=False),
            ),
            models.Index("city", "cell", name="case_near", condition=models.Q(is_open=True)),
            # What the map for everybody draws, so that it never visits the rows.
            models.Index(
                fields=["city", "cell"],
                include=["lon", "lat", "id", "service", "opened_at", "is_open"],
                name="case_public_map",
                condition=ON_PUBLIC_MAP,
            ),
            models.Index(
                fields=["city", "cell"],
                include=["lon", "lat", "id", "service", "opened_at"],
                name="case_public_open",
                condition=ON_PUBLIC_MAP & models.Q(is_open=True),
            ),
            models.Index("city", "opened_at", "id", name="case_newest"),
            # The other orders of lists of open cases: `casework.lists.ORDERS`.
            models.Index(
                "city", "opened_at", "id", name="case_open_age", condition=models.Q(is_open=True)
            ),
            models.Index(
                "city",
                "updated_at",
                "id",
                name="case_open_changed",
                condition=models.Q(is_open=True),
            ),
            models.Index(
                "city",
                models.F("priority") * -1,
                "due_order",
                "id",
                name="case_open_priority",
                condition=models.Q(is_open=True),
            ),
            # What is open of a service, most urgent first: of all there ever were of it, a few in a hundred.
            models.Index(
                "service",
                "due_order",
                "id",
                name="case_open_of_service",
                condition=models.Q(is_open=True),
            ),
            # A service is of one city, and few of its cases come in the same moment: what every case
            # costs is counted in bytes.
            models.Index(fields=["service", "opened_at"], name="case_of_service"),
            # What was closed in a period, and its list by the time of closing.
            models.Index(
                "city",
                "closed_at",
                "id",
                name="case_closed",
                condition=models.Q(closed_at__isnull=False),
            ),
            # What the rules of retention are about, by what is erased already: `erasing`.
            models.Index(
                "service", "erased", "closed_at", name="case_to_erase", condition=TO_ERASE
            ),
            models.Index("service", "closed_at", name="case_to_archive", condition=TO_ARCHIVE),
            models.Index(
                "archive", name="case_archived", condition=models.Q(archive__isnull=False)
            ),
            models.Index(
                "merged_into", name="case_merged", condition=models.Q(merged_into__isnull=False)
            ),
            models.Index("parent", name="case_parts", condition=models.Q(parent__isnull=False)),
            # What happened at one thing with a painted number: `casework.things`.
            models.Index(
                "city",
                "asset",
                "id",
                name="case_of_asset",
                condition=models.Q(asset__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.number


class TimelineEntry(models.Model):
    """One fact about a case, appended once and never changed; a database trigger holds that."""

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="timeline", db_index=False
    )
    seq = models.PositiveIntegerField()
    city = models.ForeignKey(
        "places.City", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    public = models.BooleanField()
    actor_kind = models.CharField(max_length=8)
    actor_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=24)
    actor_name = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["case_id", "seq"]

    @override
    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.kind}"


class Task(models.Model):
    """A piece of work on a case for one queue: a step of a state, or added by hand.

    `during` is the state it belongs to ("" for none), `entered` the stay in it. A task that `joins`
    counts when the outcomes of its state become one, and is cancelled when the case leaves it.
    """

    class State(models.TextChoices):
        """Where the task is."""

        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Cancelled")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    queue = models.ForeignKey("people.Queue", on_delete=models.PROTECT, db_index=False)
    assignee = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    entered = models.PositiveIntegerField()
    cycle = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)
    joins = models.BooleanField(default=True)
    key = models.CharField(max_length=60)
    during = models.CharField(max_length=60, blank=True)
    label = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    outcome = models.CharField(max_length=60, blank=True)
    words = models.TextField(blank=True)
    answers = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["cycle", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "key", "cycle"], name="task_once_per_cycle_and_case"
            ),
            models.CheckConstraint(
                name="task_open_has_no_end",
                condition=models.Q(state="open", closed_at=None)
                | (~models.Q(state="open") & models.Q(closed_at__isnull=False)),
                violation_error_message="A task that is not open needs its closing time.",
            ),
            models.CheckConstraint(
                name="task_done_has_outcome",
                condition=models.Q(state="done", outcome__gt="")
                | (~models.Q(state="done") & models.Q(outcome="")),
                violation_error_message="A task that is done has an outcome, and no other has.",
            ),
        ]
        indexes = [
            models.Index(
                "city", "queue", "due_at", "id", name="task_open", condition=models.Q(state="open")
            ),
            models.Index(
                "city",
                "assignee",
                "due_at",
                "id",
                name="task_mine",
                condition=models.Q(state="open", assignee__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"task {self.key} {self.cycle} of case {self.case_id}"


# Models of this room that have a module of their own.
from onehall.casework.viewmodels import SavedView as SavedView  # noqa: E402
from onehall.casework.viewmodels import ViewPin as ViewPin  # noqa: E402
