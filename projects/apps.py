from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Projects")

    def ready(self) -> None:
        from process import outlet, panels
        from process.services import counter
        from projects import handover, page, selectors, services

        counter.register_taker("initiation", handover.take, receiver="ar")
        counter.register_returner("projects.project", services.returned)
        panels.register_stagebar(selectors.stagebar)
        panels.register_spine(selectors.spines)
        outlet.default_verb_facts["move_process"] = page.move_facts
