"""The service_requests room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceRequestsConfig(AppConfig):
    """Names the room and takes the news of cases to the residents."""

    name = "onehall.service_requests"
    label = "service_requests"
    verbose_name = _("Service requests")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Handle the outbox topic of case news."""
        from onehall.messaging import handlers
        from onehall.service_requests.news import tell

        handlers.register("case.news", tell)
