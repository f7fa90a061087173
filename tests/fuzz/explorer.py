"""Reaching a success: each operation is tried by the right people on the right records, and the company moves on."""

import json
import random
import traceback
from collections.abc import Iterator
from typing import Any

from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from process import access
from process.api import shapes
from process.api.inputs import blank_form
from process.api.outlets import names
from process.models import Case
from process.outlet import Outlet
from process.views.verbs import with_note
from tests.fuzz.bodies import Writer
from tests.fuzz.operations import Target
from tests.fuzz.world import people_for

TRIES = 8
READS = ("list", "read", "page", "timeline", "actions", "files", "bulk")


class Explorer:
    """Knows which operations were answered with success, and what the others were answered with."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.reached: dict[str, int] = {}
        self.last: dict[str, str] = {}
        self.faults: list[str] = []
        self.clients: dict[int, Client] = {}
        self.many: dict[str, Any] = {}
        self.director = User.objects.get(username="director")
        got_request_exception.connect(self._fault, weak=False)

    def _fault(self, **kwargs: Any) -> None:
        self.faults.append("\n".join(traceback.format_exc().strip().splitlines()[-8:]))

    def client(self, user: User) -> Client:
        """A program signed in as `user`; made outside of what is rolled back."""
        if user.pk not in self.clients:
            self.clients[user.pk] = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
            self.clients[user.pk].force_login(user)
        return self.clients[user.pk]

    def explore(self, target: Target, *, keep: bool = False) -> bool:
        """Try an operation until it succeeds; `keep` lets the company move on by it."""
        for attempt, (user, record) in enumerate(self.ways(target)):
            if attempt >= TRIES:
                break
            client = self.client(user)
            with transaction.atomic():
                answer = self._call(target, client, user, record)
                done = 200 <= answer.status_code < 300
                transaction.set_rollback(not (done and keep))
            if done:
                self.reached[target.name] = self.reached.get(target.name, 0) + 1
                return True
            self.last[target.name] = f"{answer.status_code} {_short(answer)}"
        return False

    def rounds(self, targets: list[Target], most: int = 6) -> None:
        """Try all; then let the company move on where something is left behind, and try again what failed."""
        for _round in range(most):
            before = len(self.reached)
            for target in targets:
                if target.name not in self.reached or target.action == "new":
                    self.explore(target, keep=target.action == "new")
            if _round and len(self.reached) == before:
                break
            for target in targets:
                if target.verb and self._is_plenty(target):
                    self.explore(target, keep=True)

    def _is_plenty(self, target: Target) -> bool:
        """Whether other records stay behind when one moves on by this verb."""
        spec: Any = target.outlet.spec(target.verb)
        return target.outlet.model._default_manager.filter(state__in=spec.sources)[:2].count() == 2

    # Who and what ------------------------------------------------------------------------------
    def ways(self, target: Target) -> Iterator[tuple[User, Any]]:
        """(person, record) in the order of promise; for a new record, an unsaved one on some deal."""
        if target.action in READS:
            records = [None] if target.action in ("list", "bulk") else self._records(target)
            yield from ((self.director, record) for record in records)
        elif target.action in ("new", "asks_new"):
            cases = list(Case.objects.order_by("-pk").values_list("pk", flat=True)[:300])
            for _round in range(40):
                record = target.outlet.model(case_id=self.dice.choice(cases))
                yield from ((user, record) for user in self._allowed(target, record, 1))
        else:
            for record in self._records(target):
                yield from ((user, record) for user in self._allowed(target, record, 2))

    def _records(self, target: Target) -> list[Any]:
        found = target.outlet.model._default_manager.order_by("-pk")
        spec = target.outlet.spec(target.verb) if target.verb else None
        if spec is not None:
            found = found.filter(state__in=spec.sources)
        elif target.action in ("change", "asks_change"):
            model = target.outlet.model
            found = found.filter(state__in=model.edit_states or model.states.open)
        rows = list(found[:40])
        self.dice.shuffle(rows)
        return rows

    def _allowed(self, target: Target, record: Any, most: int) -> list[User]:
        found: list[User] = []
        for user in people_for(record):
            if self._may(target, record, Actor.of(user)):
                found.append(user)
            if len(found) == most:
                break
        return found

    def _may(self, target: Target, record: Any, actor: Actor) -> bool:
        if target.action == "add_file":
            return access.may_attach(record, actor)
        if target.verb in target.outlet.acts:
            return access.may_any(target.outlet.acts[target.verb].who, record, actor)
        name = target.verb or ("open" if target.action in ("new", "asks_new") else "edit")
        try:
            return access.may(record, name, actor)
        except Exception:  # a word that asks the record for what an unsaved one does not have
            return True

    # Calling -----------------------------------------------------------------------------------
    def _call(self, target: Target, client: Client, user: User, record: Any) -> Any:
        path = f"/api/v1/{target.outlet.plural}/"
        if target.action == "bulk":
            verb = self._plain_verb(target)
            return _send(client, f"{path}bulk/{verb}/", {"filter": {}, "dry_run": True, **self.many})
        if record is not None and record.pk:
            path += f"{record.pk}/"
        if target.action in READS:
            return client.get(path if target.action in ("list", "read") else f"{path}{target.action}/")
        if target.action in ("asks_new", "asks_change"):
            return client.get(f"{path}asks/")
        if target.action == "add_file":
            return client.post(f"{path}files/", {"file": Writer(self.dice).file()})
        saved = record if record.pk else None
        body = self.body(target, user, saved)
        if target.action == "change":
            tag = {"If-Match": f'"{record.row_version}"'}
            return client.patch(path, json.dumps(body), content_type="application/json", headers=tag)
        if target.action == "new":
            return _send(client, path, body, multipart=bool(shapes.file_fields(target.outlet.form)))
        form = shapes.verb_form(target.outlet, target.verb)
        return _send(client, f"{path}{target.verb}/", body, multipart=bool(shapes.file_fields(form)))

    def _plain_verb(self, target: Target) -> str:
        """A verb of the outlet, with what it asks for in `many`."""
        verb = self.dice.choice([name for name in names(target.outlet) if not _files(target.outlet, name)])
        record = target.outlet.model._default_manager.order_by("?").first()
        values = self.body(Target(target.outlet, "verb", verb), self.director, record) if record else {}
        self.many = {"values": values} if values else {}
        return verb

    def body(self, target: Target, user: User, record: Any) -> dict[str, Any]:
        """A body that the person's form would take."""
        outlet: Any = target.outlet
        form_class = shapes.verb_form(outlet, target.verb) if target.verb else outlet.form
        lines = getattr(form_class, "lines", {}) if target.verb else outlet.lines
        if target.action == "change":
            form_class = outlet.edit_form or outlet.form
        form = blank_form(form_class, user, record)
        if target.verb:
            with_note(form, outlet.spec(target.verb))
        writer = Writer(self.dice, record.case_id if record is not None else None)
        body = writer.body(form, target.body, lines, lambda kind: blank_form(kind, user, record))
        return body or ({"title": "another title"} if target.action == "change" else {})


def _files(outlet: Outlet, verb: str) -> list[str]:
    return shapes.file_fields(shapes.verb_form(outlet, verb))


def _send(client: Client, path: str, body: dict[str, Any], *, multipart: bool = False) -> Any:
    if multipart:
        return client.post(path, {name: value for name, value in body.items() if value not in (None, [])})
    return client.post(path, json.dumps(body), content_type="application/json")


def _short(answer: Any) -> str:
    if not answer.get("Content-Type", "").endswith("json"):
        return ""
    body = answer.json()
    if not isinstance(body, dict):
        return ""
    reasons = [one["text"] for one in body.get("reasons", [])]
    errors = [f"{one['field']}: {one['message']}" for one in body.get("errors", [])]
    return "; ".join(reasons or errors or [str(body.get("detail") or body.get("title", ""))])[:200]
