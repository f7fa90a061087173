from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProcessConfig(AppConfig):
    name = "process"
    verbose_name = _("Process")

    def ready(self) -> None:
        # The database's own guards are laid after every migration, so no deployment can forget them.
        from process import guards

        post_migrate.connect(guards.after_migrate, dispatch_uid="process.guards")
