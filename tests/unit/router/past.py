"""Past contacts for the tests of the rehearsal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.router.domain.past import PastContact
from services.router.domain.rule_table import compile_table
from services.router.domain.rules import Decision, Facts, RuleTable
from services.router.domain.skills import Profile, Terms, profile_of
from shared.vocabulary import Channel, Priority

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
ZERO = START.timestamp()
OTHERWISE: dict[str, Any] = {"otherwise": {"queue": "alla", "priority": "normal"}}


def table(*rows: dict[str, Any], version: str = "1", otherwise: dict[str, Any] | None = None) -> RuleTable:
    last = OTHERWISE if otherwise is None else {"otherwise": otherwise}
    return compile_table(version, [*rows, last])


def rule(name: str, then: dict[str, Any], **when: Any) -> dict[str, Any]:
    return {"name": name, "when": when, "then": then}


def call(name: str, at: float, by: RuleTable, **said: Any) -> PastContact:
    """Return a contact that came `at` seconds, as the table has decided it: a call unless said otherwise."""
    facts = Facts(Channel.PHONE, "vaxel", "kommunen", START + timedelta(seconds=at))
    facts = replace(facts, **{key: said.pop(key) for key in list(said) if hasattr(facts, key)})
    decision = said.pop("decision", None) or recorded(by.decide(facts))
    values = {"handling": 60.0, "waited": 0.0} | said
    return PastContact(name, facts, decision, by.version, facts.received_at.timestamp(), **values)


def recorded(decision: Decision) -> Decision:
    """Return what of a decision stands on the log."""
    return replace(decision, steps=(), dwell_seconds=0.0, wrap_up=None, checklist=None)


def terms(skills: Sequence[str] = ("*",), channels: Sequence[Channel] = tuple(Channel), **more: Any) -> Terms:
    profile: Profile = profile_of(skills, ["sv"], channels)
    return Terms(profile, **more)


def always(*agents: str, seconds: float = 10**6) -> dict[str, Sequence[tuple[float, float]]]:
    return dict.fromkeys(agents, ((ZERO, ZERO + seconds),))


URGENT = Priority.URGENT
