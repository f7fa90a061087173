"""How a person looks at a list: views kept under a name, and the columns one is used to."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.request import Request, actor_of
from core.errors import DomainError, Refused
from process.models import SavedView
from process.outlet import Outlet
from process.services import saved_views as services
from process.views.forms import done, problem
from process.views.lists import FilterError, narrowed
from process.views.looks import chosen_columns, own_views

# What is no part of a view: where one stands in it.
_PASSING = ("cursor", "columns")


class SaveViewForm(forms.Form):
    """A name, and who sees it."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)
    sharing = forms.ChoiceField(label=gettext_lazy("Shared"), choices=(), widget=forms.RadioSelect, initial="own")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        possible = list(SavedView.Sharing.choices)
        if user.department_id is None:
            possible = [one for one in possible if one[0] != SavedView.Sharing.DEPARTMENT]
        if not services.may_share_with_all(user):
            possible = [one for one in possible if one[0] != SavedView.Sharing.ALL]
        sharing: Any = self.fields["sharing"]
        sharing.choices = possible


class ColumnsForm(forms.Form):
    """Which columns a list shows, in the order of the house."""

    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"), choices=(), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, outlet: Outlet, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [*outlet.columns, *outlet.more_columns()]
        possible = outlet.list_columns(user, names)
        labels = [(column.key, str(column.label)[:1].upper() + str(column.label)[1:]) for column in possible]
        columns: Any = self.fields["columns"]
        columns.choices = labels


def _posted(request: Request) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _query(request: Request) -> str:
    params = request.GET.copy()
    for name in _PASSING:
        params.pop(name, None)
    return params.urlencode()


def _checked(outlet: Outlet, query: str, request: Request) -> None:
    """Refused for a query this list does not understand."""
    params = QueryDict(query)
    try:
        narrowed(outlet, params, request)
    except FilterError as error:
        raise Refused(str(error)) from error
    if outlet.keyset(params.get("sort", ""), request.user) is None:
        raise Refused(_("Unknown sort order."))


def _dialog(request: Request, outlet: Outlet, title: str, form: Any, **more: Any) -> HttpResponse:
    """The house's dialog with a form; refused, with its reasons."""
    error: DomainError | None = more.pop("error", None)
    context = {
        "title": title,
        "form": form,
        "post_url": request.get_full_path(),
        "cancel_url": f"{outlet.url('list')}?{_query(request)}",
        "submit_label": _("Save"),
        "follow": True,
        **more,
    }
    if error is not None:
        context.update(problem(error))
    status = error.status if error else 422 if request.method == "POST" else 200
    template = "generic/verb.html" if request.htmx else "generic/verb_page.html"
    return render(request, template, context, status=status)


def views(outlet: Outlet) -> Any:
    """Keep what the list shows now, under a name."""

    def view(request: Request) -> HttpResponse:
        form = SaveViewForm(_posted(request), user=request.user)
        title, question = _("Save this view"), _("Keeps search, filters, order and columns as they are now.")
        if request.method != "POST" or not form.is_valid():
            return _dialog(request, outlet, title, form, question=question)
        query = _query(request)
        kind = outlet.model.record_kind()
        kept = list(own_views(outlet, request))
        columns = [column.key for column in chosen_columns(outlet, request, kept)]
        house = [column.key for column in outlet.list_columns(request.user)]
        try:
            _checked(outlet, query, request)
            columns = [] if columns == house else columns
            services.save_view(by=actor_of(request), kind=kind, query=query, columns=columns, **form.cleaned_data)
        except DomainError as error:
            return _dialog(request, outlet, title, form, question=question, error=error)
        messages.success(request, _("The view is saved."))
        return done(request, f"{outlet.url('list')}?{query}")

    return view


def forget(outlet: Outlet) -> Any:
    """Give a view of one's own up, after a question."""

    def view(request: Request, pk: int) -> HttpResponse:
        visible = SavedView.objects.shown_to(request.user).filter(kind=outlet.model.record_kind())
        found = get_object_or_404(visible.exclude(name=""), pk=pk)
        if request.method != "POST":
            question = _("Give up the view “%(name)s”? The records stay as they are.") % {"name": found.name}
            labels = {"submit_label": _("Give up the view"), "danger": True, "question": question}
            return _dialog(request, outlet, found.name, None, **labels)
        services.delete_view(found, by=actor_of(request))
        messages.success(request, _("The view is given up."))
        return done(request, outlet.url("list"))

    return view


def columns(outlet: Outlet) -> Any:
    """Choose the columns of a list; they stay until they are chosen anew."""

    def view(request: Request) -> HttpResponse:
        kind = outlet.model.record_kind()
        shown = [column.key for column in chosen_columns(outlet, request, list(own_views(outlet, request)))]
        form = ColumnsForm(_posted(request), outlet=outlet, user=request.user, initial={"columns": shown})
        if request.method != "POST" or not form.is_valid():
            question = _("None chosen: the columns of the house.")
            return _dialog(request, outlet, _("Columns of this list"), form, question=question)
        keys = form.cleaned_data["columns"]
        house = [column.key for column in outlet.list_columns(request.user)]
        services.keep_columns(by=actor_of(request), kind=kind, columns=[] if keys == house else keys)
        return done(request, f"{outlet.url('list')}?{_query(request)}")

    return view
