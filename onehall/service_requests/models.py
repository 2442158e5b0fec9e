"""What one person told the city. Many may point at one case; nobody is silenced by a join."""

from typing import override

from django.db import models


class ServiceRequest(models.Model):
    """One person's report, with their own number and secret link."""

    class Channel(models.TextChoices):
        """How it reached the city."""

        WEB = "web"
        PHONE = "phone"
        FOLLOW = "follow"
        STAFF = "staff"
        API = "api"
        IMPORT = "import"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="requests")
    home_case = models.ForeignKey(
        "casework.Case",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="home_requests",
        db_index=False,
    )
    person = models.ForeignKey(
        "people.Person", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    created_at = models.DateTimeField()
    verdict_at = models.DateTimeField(null=True, blank=True)
    key = models.UUIDField(null=True, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    disputes = models.PositiveSmallIntegerField(default=0)
    accepted = models.BooleanField(null=True, blank=True)
    wants_news = models.BooleanField(default=True)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.WEB)
    number = models.CharField(max_length=24)
    token = models.CharField(max_length=24, null=True, blank=True)
    language = models.CharField(max_length=12, blank=True)
    words = models.TextField(blank=True)
    comment = models.TextField(blank=True)
    answers = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, blank=True)
    source_id = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "number"], name="request_number_unique_per_city"
            ),
            models.UniqueConstraint(
                fields=["key"],
                name="request_key_unique",
                condition=models.Q(key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["token"],
                name="request_token_unique",
                condition=models.Q(token__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["city", "source", "source_id"],
                name="request_source_unique_per_city",
                condition=~models.Q(source=""),
            ),
            models.CheckConstraint(
                name="request_rating_range",
                condition=models.Q(rating=None) | models.Q(rating__gte=1, rating__lte=5),
                violation_error_message="A rating is between 1 and 5.",
            ),
        ]
        indexes = [
            models.Index("person", name="request_person", condition=models.Q(person__isnull=False))
        ]

    @override
    def __str__(self) -> str:
        return self.number


class ImportRun(models.Model):
    """One pass over one file of another system. Its counts are committed with the rows they count."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    profile = models.CharField(max_length=60)
    profile_digest = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    rows_done = models.PositiveBigIntegerField(default=0)
    imported = models.PositiveBigIntegerField(default=0)
    already = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    reasons = models.JSONField(default=dict, blank=True)
    repairs = models.JSONField(default=dict, blank=True)
    rejects_name = models.CharField(max_length=1000, blank=True)
    rejects_bytes = models.PositiveBigIntegerField(default=0)
    first_request_id = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["city", "profile", "fingerprint"],
                name="import_one_unfinished_per_file",
                condition=models.Q(finished_at=None),
            ),
            models.CheckConstraint(
                name="import_no_row_lost",
                condition=models.Q(
                    rows_done=models.F("imported") + models.F("already") + models.F("rejected")
                ),
                violation_error_message="Every row is imported, already there, or rejected.",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.profile} {self.file_name}"


# Models of this room that have a module of their own.
from onehall.service_requests.alert_models import Alert as Alert  # noqa: E402
from onehall.service_requests.batchmodels import BulkAct as BulkAct  # noqa: E402
from onehall.service_requests.batchmodels import BulkItem as BulkItem  # noqa: E402
from onehall.service_requests.historymodels import HistoryRun as HistoryRun  # noqa: E402
from onehall.service_requests.notice_models import Notice as Notice  # noqa: E402
