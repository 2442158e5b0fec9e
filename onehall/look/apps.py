"""The look room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LookConfig(AppConfig):
    """Names the room."""

    name = "onehall.look"
    label = "look"
    verbose_name = _("Look")
    default_auto_field = "django.db.models.BigAutoField"
