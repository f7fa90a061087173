"""The web process: gunicorn ltc.wsgi:application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ltc.settings")
application = get_wsgi_application()

from ltc import celery  # noqa: E402, F401  (the web process enqueues tasks, so it needs the configured app)
