"""Saved views of lists of cases, and who has which of them in the rail."""

from typing import Self, override

from django.db import models

from onehall.people.actor import Actor


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """The vocabulary for finding views."""

    def visible_to(self, actor: Actor) -> Self:
        """One's own, those of one's department, and those of the city. What they list is narrowed elsewhere."""
        if not actor.is_staff:
            return self.none()
        mine = models.Q(owner_id=actor.user_id) | models.Q(shared=SavedView.Shared.CITY)
        if actor.department_id is not None:
            team = models.Q(shared=SavedView.Shared.TEAM, department_id=actor.department_id)
            mine |= team
        return self.filter(mine, city_id=actor.city_id)


class SavedView(models.Model):
    """A named list: its question, filters, order and columns as the query of its address."""

    class Shared(models.TextChoices):
        """Who else has it."""

        MINE = "mine"
        TEAM = "team"
        CITY = "city"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    owner = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    department = models.ForeignKey(
        "people.Department", null=True, blank=True, on_delete=models.CASCADE, db_index=False
    )
    name = models.CharField(max_length=60)
    shared = models.CharField(max_length=4, choices=Shared, default=Shared.MINE)
    query = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["city", "owner", "name"], name="view_name_once_per_owner"
            ),
            models.CheckConstraint(
                name="view_of_a_team_has_one",
                condition=~models.Q(shared="team") | models.Q(department__isnull=False),
                violation_error_message="A view of a team needs its department.",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"view {self.pk}"


class ViewPin(models.Model):
    """A view in somebody's rail; the one `first` is what they begin with."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="pins")
    position = models.PositiveSmallIntegerField(default=0)
    first = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "user", "view"], name="view_pinned_once"),
            models.UniqueConstraint(
                fields=["city", "user"], condition=models.Q(first=True), name="view_one_first"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"pin {self.pk}"
