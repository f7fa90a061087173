from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing and collection")

    def ready(self) -> None:
        from billing import handover
        from billing.models import CreditNote, Invoice, Receipt, Refund
        from billing.views.collection import figures
        from process import panels, segregation
        from process.services import counter

        counter.register_taker("billing", handover.take, receiver="finance", automatic=True)
        panels.register(
            on="projects.project", title=_("Receivables"), url_name="billing:receivables-panel", position=70, open=True
        )
        panels.register_figures("projects.project", figures)
        panels.register(
            on="contracts.contract",
            title=_("Receivables"),
            url_name="billing:receivables-panel",
            position=70,
            open=True,
        )
        for model, field in (
            (Refund, "receipt"),
            (CreditNote, "invoice"),
            (Invoice, "contract"),
            (Receipt, "contract"),
        ):
            segregation.relate(model, field)
        segregation.built_in.append(
            segregation.BuiltIn(_("Who claims a receipt does not confirm it"), "receipt.claim", "receipt.confirm")
        )
