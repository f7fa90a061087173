from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        from accounts.deputies import said
        from approvals import letters, selectors
        from approvals.forms import OpinionForm, documents
        from approvals.models import Decision
        from approvals.pages import acts_of, deciders, figures, opinions, waited_for, way_past
        from approvals.services import nudge
        from process import outlet, segregation
        from process.services import definitions, evidence
        from process.views import history

        outlet.default_verb_forms["approve"] = OpinionForm
        outlet.default_tables.append(opinions)
        for verb in ("approve", "send_back", "reject"):
            outlet.default_verb_facts[verb] = figures
        outlet.default_verb_facts["submit"] = deciders
        outlet.default_verb_facts["nudge"] = waited_for
        outlet.default_acts.append(acts_of)
        outlet.default_services["nudge"] = nudge
        segregation.meanings["approve"] = selectors.act_asked
        segregation.built_in.append(
            segregation.BuiltIn(
                _("Who submits a record neither gives an opinion on it nor decides on it"),
                _("every record: Submit for approval"),
                _("every record: Approve, Reject, Send back"),
            )
        )
        history.VALUES["opinion"] = dict(Decision.Opinion.choices)
        # A control of the catalogue may be bound to the rule that says who decides on a document.
        definitions.binders["approval"] = selectors.has_rule
        # Whom a deputy may be, and on what, goes by letters of authority.
        said.documents = documents
        said.may_leave_department = letters.may_leave_department
        said.reasons = letters.reasons_against
        # What lacks before a verb is passed by a special approval that names it, and by nothing else.
        evidence.permits.append(selectors.permits)
        outlet.ways_past.append(way_past)
