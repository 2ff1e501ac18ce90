"""A checklist as JSON in the database and as a record on `catalogue`, both ways."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.casework.domain.checklist import Checklist, End, Link, Option, Step
from services.casework.domain.triggers import Trigger, TriggerKind
from shared import records
from shared.vocabulary import Identity, Outcome, Secrecy, StepType

Body = Mapping[str, Any]


def body_of(checklist: Checklist) -> dict[str, Any]:
    """Return what is stored of a checklist: everything but its version."""
    body = asdict(checklist)
    del body["version"]
    if not body["review_triggers"]:
        del body["review_triggers"]
    return body


def checklist_from(body: Body, version: int) -> Checklist:
    """Return the checklist of a stored body."""
    steps = tuple(_step(step) for step in body["steps"])
    ends = tuple(_end(end) for end in body["ends"])
    plain = {
        name: body[name] for name in ("id", "case_type", "owner_role", "owner_unit", "identity_note", "legal_note")
    }
    return Checklist(
        steps=steps,
        ends=ends,
        version=version,
        identity=Identity(body["identity"]),
        secrecy=Secrecy(body["secrecy"]),
        params=dict(body["params"]),
        review_months=body.get("review_months"),
        review_triggers=tuple(_trigger(one) for one in body.get("review_triggers", ())),
        forbid=tuple(body.get("forbid", ())),
        tags=tuple(body.get("tags", ())),
        **plain,
    )


def _step(body: Body) -> Step:
    options = tuple(Option(**option) for option in body["options"])
    links = tuple(Link(**link) for link in body.get("links", ()))
    return Step(**{**body, "type": StepType(body["type"]), "options": options, "links": links})


def _trigger(body: Body) -> Trigger:
    return Trigger(body["text"], TriggerKind(body["kind"]), body["day"])


def _end(body: Body) -> End:
    tuples = {name: tuple(body.get(name, ())) for name in ("extra_fields", "forbid")}
    return End(**{**body, "kind": Outcome(body["kind"]), **tuples})


def record_of(checklist: Checklist, published_at: datetime, review_by: datetime | None) -> records.ChecklistRecord:
    """Return the record that the other services read."""
    body = body_of(checklist)
    return records.ChecklistRecord.model_validate(
        {**body, "version": checklist.version, "published_at": published_at, "review_by": review_by}
    )
