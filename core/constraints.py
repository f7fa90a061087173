"""What the database refused, as a sentence."""

from django.apps import apps
from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _

from core.errors import Refused


def refusal_of(error: IntegrityError | DataError) -> Refused:
    """The refusal behind an error of the database: the sentence of the broken constraint where the model gives one.

    Two people at the same moment: what one check could not see yet, the database refuses.
    """
    if isinstance(error, DataError):
        return Refused(_("A value is too large or too small to be stored."))
    return Refused(_sentence(getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""))


def _sentence(name: str) -> str:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if (
                constraint.name == name
                and constraint.violation_error_message != constraint.default_violation_error_message
            ):
                return str(constraint.violation_error_message)
    return _("This contradicts what has been stored meanwhile (%(rule)s).") % {
        "rule": name or _("a rule of the database")
    }
