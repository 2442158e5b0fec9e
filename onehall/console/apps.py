"""The console room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    """Names the room."""

    name = "onehall.console"
    label = "console"
    verbose_name = _("Staff pages")
    default_auto_field = "django.db.models.BigAutoField"
