"""Examples by Schemathesis for one operation: right and wrong ones, on seeded rows, checked against the schema."""

import random
from collections import Counter
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework import serializers
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from accounts.services import make_token
from process.api.fields import Reference
from tests.fuzz.elsewhere import aim_at
from tests.fuzz.explorer import Explorer
from tests.fuzz.operations import Target
from tests.fuzz.world import rows_of

RIGHT, WRONG = 14, 7
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


class Attack:
    """Sends the examples, each in a transaction that is rolled back, and counts what is answered."""

    def __init__(self, schema: dict[str, Any], targets: dict[str, Target], explorer: Explorer) -> None:
        self.api = schemathesis.openapi.from_dict(schema)
        self.api.app = get_wsgi_application()
        # The connection is in the middle of a transaction, and is kept.
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        self.targets, self.explorer = targets, explorer
        self.dice = random.Random(2)
        self.tokens: dict[int, str] = {}
        self.answers: dict[str, Counter[int]] = {}
        self.undocumented: dict[str, str] = {}

    def token(self, user: User) -> str:
        """A token of the person."""
        if user.pk not in self.tokens:
            self.tokens[user.pk] = make_token(user, label="fuzz", scope="write")[1]
        return self.tokens[user.pk]

    def operations(self) -> list[Any]:
        """All operations of the schema."""
        return [result.ok() for result in self.api.get_all_operations()]

    def run(self, operation: Any) -> None:
        """All examples of one operation."""
        name = operation.definition.raw["operationId"]
        self.answers[name] = Counter()
        user = self._person(self.targets.get(name))
        for mode, count in ((GenerationMode.POSITIVE, RIGHT), (GenerationMode.NEGATIVE, WRONG)):
            self._examples(operation, name, user, mode, count)

    def _examples(self, operation: Any, name: str, user: User, mode: Any, count: int) -> None:
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def example(case: Any) -> None:
            self._send(case, name, user)

        try:
            example()
        except Exception as error:
            # An operation without anything that can be wrong has no wrong examples.
            if "Unsatisfiable" not in type(error).__name__ and mode is not GenerationMode.NEGATIVE:
                raise

    def _send(self, case: Any, name: str, user: User) -> None:
        target = self.targets.get(name)
        self._aim(case, target)
        user = self._aim_elsewhere(case, name) or user
        case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {self.token(user)}"}
        with transaction.atomic():
            response = case.call()
            transaction.set_rollback(True)
        self.answers[name][response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, AssertionError) as failure:
            inner = getattr(failure, "exceptions", [failure])
            self.undocumented.setdefault(name, f"{response.status_code} " + "; ".join(str(one)[:400] for one in inner))

    def _aim(self, case: Any, target: Target | None) -> None:
        """Seeded rows in the place of most generated keys, and the version that was seen."""
        if target is None or self.dice.random() < 0.15:
            return
        record = self._record(target)
        if record is None:
            return
        if "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = record.pk
        if target.action == "change" and self.dice.random() < 0.7:
            case.headers = {**dict(case.headers or {}), "If-Match": f'"{record.row_version}"'}
        if target.body is not None and isinstance(case.body, dict):
            self._rows(case.body, target.body().fields, record.case_id)

    def _aim_elsewhere(self, case: Any, name: str) -> User | None:
        """The same for what belongs to no outlet; who sends it, where that is somebody of its own."""
        if self.dice.random() < 0.3 or (aim := aim_at(name, self.dice)) is None:
            return None
        case.path_parameters = {**dict(case.path_parameters or {}), **aim.path}
        if aim.query:
            case.query = aim.query
        if aim.body:
            case.body = aim.body
        return aim.user

    def _record(self, target: Target) -> Any:
        found = target.outlet.model._default_manager.all()
        spec = target.outlet.spec(target.verb) if target.verb else None
        if spec is not None and self.dice.random() < 0.7:
            found = found.filter(state__in=spec.sources)
        rows = list(found.order_by("-pk")[:20])
        return self.dice.choice(rows) if rows else None

    def _rows(self, body: dict[str, Any], fields: Any, case_id: int) -> None:
        for name, field in fields.items():
            if name not in body:
                continue
            if isinstance(field, Reference) and field.model is not None and isinstance(body[name], int):
                rows = rows_of(field.model, case_id)
                if rows and self.dice.random() < 0.8:
                    body[name] = self.dice.choice(rows).pk
            elif isinstance(field, serializers.ListSerializer) and isinstance(body[name], list):
                for row in body[name]:
                    if isinstance(row, dict):
                        self._rows(row, field.child.fields, case_id)

    def _person(self, target: Target | None) -> User:
        """Somebody who may do it on some record, else the director."""
        if target is not None:
            for user, _record in self.explorer.ways(target):
                return user
        return self.explorer.director
