"""Users (sign-ins), residents' contacts, departments, queues and who serves them."""

from typing import Any, ClassVar, override

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from onehall.people.actor import Actor
from onehall.people.body_models import Body as Body
from onehall.people.permissions import implied


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address, compared without case."""

    def create_user(self, *, email: str, name: str = "", password: str | None = None) -> "User":
        """A new sign-in; without a password only a one-time code can be used."""
        user = self.model(email=email.strip().lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @override
    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A sign-in, for staff and for residents who proved an address."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case"),
        ]

    @override
    def __str__(self) -> str:
        return self.name or f"user {self.pk}"

    def get_full_name(self) -> str:
        """Their name as shown to others."""
        return self.name

    @property
    def initials(self) -> str:
        """At most two letters for the round badge."""
        parts = self.name.split()
        return "".join(p[0] for p in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()


class Department(models.Model):
    """A part of the city's staff, as the pack names it."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    name = models.JSONField()
    head_email = models.EmailField(max_length=254, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="department_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key


class Queue(models.Model):
    """Where cases wait for a team. Every case is in exactly one."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="queues")
    key = models.CharField(max_length=60)
    name = models.JSONField()
    icon = models.CharField(max_length=40, default="inbox")
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["department__position", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="queue_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key


class Membership(models.Model):
    """What a person is in one city: their roles, department and queues, and the areas (codes by layer) they work in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    city = models.ForeignKey("places.City", on_delete=models.CASCADE)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT)
    roles = models.JSONField(default=list)
    queue_keys = models.JSONField(default=list)
    areas = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "city"], name="membership_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return f"membership {self.pk}"

    def facts(self) -> dict[str, Any]:
        """What somebody is in a city, as its changes are kept. Needs `department` loaded."""
        return {
            "roles": self.roles,
            "department": self.department.key if self.department else "",
            "queues": self.queue_keys,
            "areas": self.areas,
            "active": self.active,
        }

    def actor(self) -> Actor:
        """The acting person for this city; needs `user` loaded."""
        return Actor(
            kind="staff",
            city_id=self.city_id,
            name=self.user.name,
            user_id=self.user_id,
            roles=frozenset(self.roles) | implied(self.roles),
            department_id=self.department_id,
            areas=frozenset((layer, code) for layer, codes in self.areas.items() for code in codes),
        )


class StaffChange(models.Model):
    """Who changed what somebody is in a city, when, and the difference. Written once, never changed.

    Of a new password only that there is one.
    """

    class Kind(models.TextChoices):
        """What was done."""

        ADDED = "added"
        CHANGED = "changed"
        ENDED = "ended"
        RETURNED = "returned"
        HANDED = "handed"
        INVITED = "invited"
        PASSWORD = "password"  # noqa: S105 (what was done, no secret)

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    by_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["city", "-id"], name="staff_change_newest"),
            models.Index(fields=["city", "user", "-id"], name="staff_change_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                name="staff_change_kind_known",
                condition=models.Q(
                    kind__in=[
                        "added",
                        "changed",
                        "ended",
                        "returned",
                        "handed",
                        "invited",
                        "password",
                    ]
                ),
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"


class Person(models.Model):
    """How to reach one resident about one report. Never shown on a public page."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index("city", Lower("email"), name="person_email", condition=~models.Q(email=""))
        ]
        constraints = [
            models.CheckConstraint(
                name="person_has_something",
                condition=~models.Q(name="", email="", phone=""),
                violation_error_message="A contact needs a name, an address or a number.",
            )
        ]

    @override
    def __str__(self) -> str:
        return f"person {self.pk}"
