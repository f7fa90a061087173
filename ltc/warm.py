"""A process that has loaded everything and waits to be told what it is: web, worker or beat.

Loading takes seconds on a busy machine, becoming takes a fraction of one: so whoever is killed is back at once
(see ltc.local.supervisor). It reads one line, the arguments of `python -m`, as JSON; where the line never comes
because the runner has died, it ends.
"""

import json
import os
import runpy
import sys
from importlib import import_module

LOADED = (
    *("ltc.wsgi", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "celery.bin.worker", "celery.worker"),
    *("celery.concurrency.prefork", "celery.worker.consumer", "kombu.transport.redis", "celery.beat"),
)


def load() -> None:
    """What web, worker and beat need, and what first requests would have to do: addresses, texts, templates, the
    graph of migrations. No connection is opened: gunicorn and Celery fork after this."""
    for name in LOADED:
        import_module(name)
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader
    from django.template.loader import get_template
    from django.urls import get_resolver
    from django.utils import translation

    _ = get_resolver().url_patterns
    MigrationLoader(None, ignore_no_migrations=True)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("Save")
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.html")):
        get_template(str(path.relative_to(folder)))


def main() -> None:
    """Load, wait, become."""
    load()
    line = sys.stdin.readline()
    if not line:
        return
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    module, *arguments = json.loads(line)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
