"""Verbs and acts as POST actions, one by one and in bulk, and what can be done with a record now."""

from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.actor import Actor
from accounts.request import ApiRequest, actor_of
from core.api.inputs import read
from core.api.problems import Invalid, as_problem
from core.api.versions import seen_version
from core.api.views import once
from core.constraints import refusal_of
from core.errors import DomainError, Reason, Refused
from process.api import asking, inputs, shapes
from process.api.records import RecordViewSet, address, selection
from process.machine import Verb
from process.models import StageRecord
from process.outlet import outlet_of
from process.services.doors import reasons_against
from process.views.verbs import spec_of, with_note

MOST_AT_ONCE = 500


class VerbViewSet(RecordViewSet):
    """A record's view set with its verbs."""

    def _entered(self, record: StageRecord, spec: Verb, values: Any, request: ApiRequest) -> inputs.Input:
        """The verb's form, filled in; NotAllowed comes before what is wrong with it."""
        form = shapes.verb_form(self.outlet, spec.name)
        entered = inputs.Input(form, getattr(form, "lines", {}), request.user, record)
        try:
            given = read(shapes.verb_input(self.outlet, spec.name), values)
            entered.bind(given, prepare=lambda form: with_note(form, spec))
        except Invalid:
            self.outlet.require(record, spec.name, Actor.of(request.user))
            raise
        return entered

    def fire(self, request: ApiRequest, pk: int, verb: str) -> Response:
        """Do a verb or act on one record; If-Match, where it is sent, is honoured."""
        record = self.record(pk)
        spec = spec_of(self.outlet, verb)
        try:
            version = seen_version(request, record.row_version)
        except APIException:
            self.outlet.require(record, verb, Actor.of(request.user))
            raise
        entered = self._entered(record, spec, request.data, request)

        def act() -> Response:
            made = self.outlet.fire(record, spec, by=actor_of(request), version=version, **entered.cleaned())
            return self.shown(record.pk, headers=_location(made, record, request))

        return once(request, act)

    def actions(self, request: ApiRequest, pk: int) -> Response:
        """What this person may do with the record now, what it asks for, and what stands in the way."""
        record = self.record(pk)
        offered = self.outlet.offered_to(record, Actor.of(request.user))
        return Response([self._action(record, spec, request) for spec in offered])

    def _action(self, record: StageRecord, spec: Verb, request: ApiRequest) -> dict[str, Any]:
        form_class = shapes.verb_form(self.outlet, spec.name)
        form = inputs.blank_form(form_class, request.user, record)
        with_note(form, spec)
        return {
            "verb": spec.name,
            "verb_label": str(spec.label),
            "url": reverse(f"api:{self.outlet.slug}-{spec.name}", args=[record.pk], request=request),
            "primary": spec.primary,
            "danger": spec.danger,
            "note_required": spec.note,
            **asking.asked(form, getattr(form_class, "lines", {}), request.user, record),
            "reasons": _reasons(reasons_against(record, spec, by=actor_of(request))),
        }

    # Many at once ------------------------------------------------------------------------------
    def bulk(self, request: ApiRequest, verb: str) -> Response:
        """Do one verb on many records: all that were meant, or none where the count is another than expected."""
        spec = spec_of(self.outlet, verb)
        if shapes.file_fields(shapes.verb_form(self.outlet, verb)):
            raise Invalid({"verb": [_("This asks for a file: do it one by one.")]})
        given = read(shapes.BulkInput, request.data)
        values = given.get("values", {})
        read(shapes.verb_input(self.outlet, verb), values)
        records = self._meant(given, request)
        if given.get("dry_run"):
            return Response(_result(True, [self._would(record, spec, request) for record in records]))
        _require_count(given, len(records))

        def act() -> Response:
            return Response(_result(False, [self._one(record, spec, values, request) for record in records]))

        return once(request, act)

    def _meant(self, given: dict[str, Any], request: ApiRequest) -> list[Any]:
        """The records named by `ids` or `filter`; Invalid for neither, both, an unknown filter or an unknown id."""
        if ("ids" in given) == ("filter" in given):
            raise Invalid({"ids": [_("Give either ids or a filter.")]})
        if "ids" in given:
            return self._named(set(given["ids"]), request)
        params = QueryDict(mutable=True)
        params.update(given["filter"])
        try:
            selected = selection(self.outlet, params, request)
        except Invalid as error:
            raise Invalid({"filter": error.detail}) from error
        found = list(selected.order_by("case_id", "pk")[: MOST_AT_ONCE + 1])
        if len(found) > MOST_AT_ONCE:
            raise Invalid({"filter": [_("At most %(count)s records at once.") % {"count": MOST_AT_ONCE}]})
        return found

    def _named(self, ids: set[int], request: ApiRequest) -> list[Any]:
        found = list(self.outlet.queryset(request.user).filter(pk__in=ids).order_by("case_id", "pk"))
        unknown = sorted(ids - {record.pk for record in found})
        if unknown:
            names = ", ".join(map(str, unknown[:20]))
            raise Invalid({"ids": [_("Unknown: %(names)s") % {"names": names}]})
        return found

    def _would(self, record: StageRecord, spec: Verb, request: ApiRequest) -> dict[str, Any]:
        try:
            self.outlet.require(record, spec.name, Actor.of(request.user))
            reasons = reasons_against(record, spec, by=actor_of(request))
            if reasons:
                raise Refused(reasons)
        except DomainError as error:
            return _refused(record, error)
        return _row(record, 200)

    def _one(self, record: StageRecord, spec: Verb, values: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
        """One of many, in a savepoint of its own."""
        try:
            with transaction.atomic():
                entered = self._entered(record, spec, values, request)
                version = record.row_version
                self.outlet.fire(record, spec, by=actor_of(request), version=version, **entered.cleaned())
        except (DomainError, APIException) as error:
            return _refused(record, error)
        except (IntegrityError, DataError) as error:
            return _refused(record, refusal_of(error))
        record.refresh_from_db()
        return _row(record, 200)


def verb_method(verb: str) -> Any:
    """The view set's method for one verb."""

    def method(self: VerbViewSet, request: ApiRequest, pk: int) -> Response:
        return self.fire(request, pk, verb)

    method.__name__ = f"do_{verb}"
    return method


def _location(made: Any, record: StageRecord, request: ApiRequest) -> dict[str, str]:
    """Where another record stands that the verb has made."""
    outlet = outlet_of(made.record_kind()) if isinstance(made, StageRecord) else None
    if outlet is None or (type(made), made.pk) == (type(record), record.pk):
        return {}
    return {"Location": address(outlet, made, request)}


def _require_count(given: dict[str, Any], count: int) -> None:
    """The caller must know how many records are meant."""
    if "expected_count" not in given:
        raise Invalid({"expected_count": [_("Say how many records you mean; dry_run counts them.")]})
    expected = given["expected_count"]
    if expected != count:
        raise Refused(
            _("%(found)s records are meant, %(expected)s were expected.") % {"found": count, "expected": expected}
        )


def _result(dry_run: bool, rows: list[dict[str, Any]]) -> dict[str, Any]:
    done = sum(1 for row in rows if row["status"] == 200)
    return {
        "dry_run": dry_run,
        "count": len(rows),
        "done": 0 if dry_run else done,
        "refused": len(rows) - done,
        "results": [{**row, "done": row["done"] and not dry_run} for row in rows],
    }


def _row(record: StageRecord, status: int, reasons: Any = ()) -> dict[str, Any]:
    return {
        "id": record.pk,
        "code": record.code,
        "done": status == 200,
        "status": status,
        "state": record.state,
        "reasons": _reasons(reasons),
    }


def _refused(record: StageRecord, error: Exception) -> dict[str, Any]:
    found = as_problem(error) or {"status": 409}
    record.refresh_from_db()
    reasons = [Reason(one["text"], one["link"]) for one in found.get("reasons", [])]
    reasons += [Reason(f"{one['field']}: {one['message']}") for one in found.get("errors", [])]
    return _row(record, found["status"], reasons or [Reason(found.get("detail") or found.get("title", ""))])


def _reasons(reasons: Any) -> list[dict[str, str]]:
    return [{"text": str(reason), "link": reason.link} for reason in reasons]
