"""Filters of letters of authority."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import AuthorityLetter


class AuthorityLetterFilter(django_filters.FilterSet):
    """Mine, or those that end in some days."""

    scope = django_filters.ChoiceFilter(label=_("Letters"), choices=[("mine", _("My letters"))], method="in_scope")
    valid_to = django_filters.DateFromToRangeFilter(label=_("valid to"))

    class Meta:
        model = AuthorityLetter
        fields = ["scope", "valid_to"]

    def in_scope(self, queryset: Any, name: str, value: str) -> QuerySet[AuthorityLetter]:
        """Those issued to the reader."""
        return queryset.filter(grantee=self.request.user)
