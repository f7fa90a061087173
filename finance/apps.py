from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    name = "finance"
    verbose_name = _("Finance")

    def ready(self) -> None:
        from process import panels, segregation

        panels.register(
            on="projects.project", title=_("Four costings"), url_name="finance:fourcost-panel", position=20, open=True
        )
        panels.register(on="projects.project", title=_("Deposits"), url_name="finance:deposit-panel", position=55)
        panels.register(on="projects.project", title=_("Vouchers"), url_name="finance:voucher-panel", position=65)
        segregation.built_in.append(
            segregation.BuiltIn(_("Who asks for a deposit does not approve it"), "deposit.open", "deposit.approve")
        )
