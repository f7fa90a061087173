from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SolutionsConfig(AppConfig):
    name = "solutions"
    verbose_name = _("Solutions and quotes")

    def ready(self) -> None:
        from process import panels, segregation
        from process.services import counter
        from solutions import handover
        from solutions.services import solution as services

        counter.register_taker("solution", handover.take, receiver="sr")
        counter.register_returner("solutions.solution", services.returned)
        for position, title, name in (
            (40, _("Solution"), "solution"),
            (42, _("Quotes"), "quote"),
            (44, _("Tenders"), "tender"),
            (46, _("Proofs of concept"), "poc"),
        ):
            panels.register(on="projects.project", title=title, url_name=f"solutions:{name}-panel", position=position)
        segregation.built_in.append(
            segregation.BuiltIn(
                _("Who keeps a tender does not review its documents"),
                _("Tender: Create"),
                _("Tender: Review the documents"),
            )
        )
