"""The look room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LookConfig(AppConfig):
    """Names the room, and has the secrets of forms drawn quickly."""

    name = "onehall.look"
    label = "look"
    verbose_name = _("Look")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Before the first page."""
        from onehall.look import secrets

        secrets.take_over()
