"""The back room: which of the three administrators keeps which table. What is not named here, nobody changes there.

There is no superuser, and no permission to give away: the three duties are all there is (docs/adr/0019).
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.backends import ModelBackend

from accounts.models import Duty, User

KEEP = frozenset({"add", "change", "delete", "view"})
CHANGE = frozenset({"add", "change", "view"})
LOOK = frozenset({"view"})

KEPT: dict[str, dict[str, frozenset[str]]] = {
    # Dictionaries, rules, departments, people's master data.
    Duty.SYSTEM: {
        "accounts.bankaccount": KEEP,
        "accounts.department": KEEP,
        "accounts.legalentity": KEEP,
        "accounts.mail": LOOK,
        "accounts.user": CHANGE,
        "approvals.authorityrule": KEEP,
        "billing.statementpreset": KEEP,
        "contracts.termtemplate": KEEP,
        "core.calendaryear": KEEP,
        "core.currency": KEEP,
        "core.exchangerate": KEEP,
        "core.sequence": LOOK,
        "core.term": KEEP,
        "core.workingday": KEEP,
        "finance.costcategory": CHANGE,
        "finance.costrate": CHANGE,
        "finance.taxrate": CHANGE,
        "leads.poolpolicy": CHANGE,
        "operations.slapolicy": KEEP,
        "process.processversion": LOOK,
        "process.stepdefinition": LOOK,
        "projects.variantstage": KEEP,
    },
    # Who may do what, and who gets in.
    Duty.SECURITY: {
        "accounts.delegation": KEEP,
        "accounts.role": CHANGE,
        "accounts.user": frozenset({"change", "view"}),
        "process.segregationrule": LOOK,
    },
}


class DutyBackend(ModelBackend):
    """Signs people in by password; what they may do in the back room comes from their duty alone."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """`perm` is Django's "app.action_model"; the audit administrator looks at everything and touches nothing."""
        user: User = user_obj
        app, _, name = perm.partition(".")
        action, _, model = name.partition("_")
        if not user.is_active or not user.duty:
            return False
        if user.duty == Duty.AUDIT:
            return action == "view"
        return action in KEPT[user.duty].get(f"{app}.{model}", ())

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the person keeps or looks at anything of the app."""
        user: User = user_obj
        if not user.is_active or not user.duty:
            return False
        return user.duty == Duty.AUDIT or any(name.startswith(f"{app_label}.") for name in KEPT[user.duty])

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None are stored: see has_perm."""
        return set()


def open_back_room() -> None:
    """One door for all: who is not signed in goes to the sign-in page, who is no administrator is refused."""
    from allauth.account.decorators import secure_admin_login
    from django.utils.translation import gettext_lazy as _

    site: Any = admin.site
    site.login = secure_admin_login(site.login)
    site.site_header = site.site_title = _("LTC back room")
    site.index_title = _("Rules, dictionaries and people")
