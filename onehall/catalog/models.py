"""The catalogue as rows: groups, services and versioned flows. The documents come from the pack."""

from typing import override

from django.db import models


class ServiceGroup(models.Model):
    """A heading under which services are listed. Retired: no longer in the pack, kept for old services."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    name = models.JSONField()
    icon = models.CharField(max_length=40, default="question")
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="group_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key


class Flow(models.Model):
    """How a kind of service is worked; its versions hold the definition."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="flow_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key


class FlowVersion(models.Model):
    """An immutable flow document. A case stays on the version it started with."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    doc = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["flow", "number"]
        constraints = [
            models.UniqueConstraint(fields=["flow", "number"], name="flow_version_number_unique")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.flow_id} version {self.number}"


class Service(models.Model):
    """Something the city offers. `doc` is the whole document of the pack, as checked.

    Inactive with `active: false` in `doc`: the pack says so. Inactive without it: no longer in the pack.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    group = models.ForeignKey(ServiceGroup, on_delete=models.PROTECT)
    flow = models.ForeignKey(Flow, on_delete=models.PROTECT)
    key = models.CharField(max_length=80)
    doc = models.JSONField()
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["group__position", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="service_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key


class ReplyTemplate(models.Model):
    """A prepared answer for the desk. `doc` is the whole document of the pack, as checked."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    doc = models.JSONField()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["city", "key"], name="reply_template_key_unique_per_city"
            )
        ]

    @override
    def __str__(self) -> str:
        return self.key


class Sheet(models.Model):
    """A part of a pack that is one file: `materials` or `attachments`. `doc` is that file, as checked."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=40)
    doc = models.JSONField()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="sheet_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key
