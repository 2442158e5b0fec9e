"""What lies beside a case: its attachments, its time and materials, who follows it, what it is related to, who has it open."""

from decimal import Decimal
from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _


class Attachment(models.Model):
    """A file of a case as checked by the server. `key` is its address; it changes when it is no longer shared.

    `preview_name` is a small picture of a PDF's first page; "" where there is none.
    """

    class Kind(models.TextChoices):
        """What the file is, found in its own bytes."""

        PDF = "pdf", _("PDF")
        PHOTO = "photo", _("Photo")
        OFFICE = "office", _("Office document")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="attachments")
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    preview_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    size = models.PositiveIntegerField()
    pages = models.PositiveIntegerField(default=0)
    shared = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="attachment_removed_is_not_shared",
                condition=models.Q(removed_at=None) | models.Q(shared=False),
                violation_error_message="A removed attachment is shown to nobody.",
            )
        ]

    @override
    def __str__(self) -> str:
        return f"attachment {self.pk}"


class Watcher(models.Model):
    """A member of staff who follows a case, or said that they do not (`following` False)."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    following = models.BooleanField(default=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="watcher_once")]
        indexes = [models.Index("city", "user", "since", name="watcher_of_user")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} followed by {self.user_id}"


class ForYou(models.Model):
    """A line of somebody's page "For you": an entry of a case they follow, or one that names them."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, db_index=False)
    seq = models.PositiveIntegerField()
    mention = models.BooleanField(default=False)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "case", "seq"], name="for_you_once_per_entry")
        ]
        indexes = [
            models.Index("city", "user", "id", name="for_you_list"),
            models.Index(
                "city", "user", name="for_you_unread", condition=models.Q(read_at__isnull=True)
            ),
            models.Index("case", name="for_you_case"),
            models.Index("at", name="for_you_age"),
        ]

    @override
    def __str__(self) -> str:
        return f"for user {self.user_id}: {self.case_id}/{self.seq}"


class MailWish(models.Model):
    """How a member of staff wants to hear of what is on their page, in one city."""

    class Mail(models.TextChoices):
        """When a mail goes out."""

        AT_ONCE = "at_once", _("At once")
        DAILY = "daily", _("Once a day")
        NEVER = "never", _("Never")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE)
    mail = models.CharField(max_length=8, choices=Mail, default=Mail.AT_ONCE)
    auto_follow = models.BooleanField(default=True)
    last_digest = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "user"], name="mail_wish_once_per_city")
        ]

    @override
    def __str__(self) -> str:
        return f"wishes of user {self.user_id}"


class CaseLink(models.Model):
    """Two cases that have to do with each other and stay two. `low` is the one with the smaller key."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    low = models.ForeignKey(
        "casework.Case", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    high = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="case_link_once"),
            models.CheckConstraint(
                name="case_link_of_two", condition=models.Q(low__lt=models.F("high"))
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.low_id} and {self.high_id}"


class Effort(models.Model):
    """Time that went into a case, or material. Never changed: a wrong one gets a counter-entry (`corrects`).

    `cost` is in the smallest unit of the city's money. A counter-entry has the negative figures.
    """

    class Kind(models.TextChoices):
        """What was spent."""

        TIME = "time", _("Time")
        MATERIAL = "material", _("Material")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="efforts")
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="corrected_by"
    )
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    what = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=120)
    day = models.DateField()
    minutes = models.IntegerField(default=0)
    quantity = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal(0))
    unit = models.CharField(max_length=40, blank=True)
    unit_cost = models.PositiveBigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    by_id = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.CheckConstraint(
                name="effort_has_an_amount",
                condition=models.Q(kind="time", quantity=0) & ~models.Q(minutes=0)
                | models.Q(kind="material", minutes=0) & ~models.Q(quantity=0),
                violation_error_message="Time needs minutes and material a quantity.",
            ),
            models.CheckConstraint(
                name="effort_only_a_correction_takes_away",
                condition=models.Q(corrects=None, minutes__gte=0, quantity__gte=0)
                | models.Q(corrects__isnull=False, minutes__lte=0, quantity__lte=0),
                violation_error_message="Only a counter-entry may be negative.",
            ),
        ]
        indexes = [models.Index("city", "day", name="effort_day")]

    @override
    def __str__(self) -> str:
        return f"effort {self.pk}"


class Presence(models.Model):
    """Somebody of the staff has a case open. Lives for a minute after the last sign of them."""

    pk = models.CompositePrimaryKey("case_id", "user_id")
    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=120)
    writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("seen_at", name="presence_age")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} open by {self.user_id}"
