"""The small site of the live stream's tests as a WSGI application, for gunicorn."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "tests.api.live_site"
application = get_wsgi_application()
