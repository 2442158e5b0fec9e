"""The api room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Names the room."""

    name = "onehall.api"
    label = "api"
    verbose_name = _("Open interfaces")
    default_auto_field = "django.db.models.BigAutoField"
