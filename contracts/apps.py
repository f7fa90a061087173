from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "contracts"
    verbose_name = _("Contracts")

    def ready(self) -> None:
        from contracts import handover, services
        from process import panels
        from process.services import counter

        counter.register_taker("contract", handover.take, receiver="ar")
        counter.register_returner("contracts.contract", services.returned)
        panels.register(
            on="projects.project", title=_("Contract"), url_name="contracts:contract-panel", position=50, open=True
        )
