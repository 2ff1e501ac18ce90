"""What became of each contact, put together from the events of `routing`, as little of each as a rehearsal needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import Any

from services.router.domain.past import Past, PastContact
from services.router.domain.rules import Decision, Facts
from shared.vocabulary import Channel, Presence, Priority, TakenOver, WorkKind

MOST_CONTACTS = 300_000
_Json = Mapping[str, Any]


@dataclass(slots=True)
class _Story:
    facts: Facts
    decision: Decision
    version: str
    from_: float
    epoch: int = 0
    waited: float | None = None
    left: float | None = None
    handling: float | None = None
    taken_at: float | None = None
    preferred: str | None = None


@dataclass(slots=True)
class Stories:
    """The newest MOST_CONTACTS contacts that came at `since` or later, and when agents were ready."""

    since: float
    most: int = MOST_CONTACTS
    cut: bool = False
    _stories: dict[str, _Story] = field(default_factory=dict)
    _presence: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)

    def take(self, kind: str, event: _Json) -> None:
        """Take in one event of a WANTED type; ValueError or KeyError when it is no such."""
        if kind == "contact.routed.v1":
            self._came(event)
        elif kind == "agent.presence_changed.v1":
            ready = event["presence"] == Presence.READY
            self._presence.setdefault(event["agent_id"], []).append((_seconds(event["at"]), ready))
        elif (story := self._stories.get(event["contact_id"])) is not None and event["epoch"] > story.epoch:
            story.epoch = event["epoch"]  # what is read twice happened once
            _THEN[kind](story, event)

    def past(self, until: float) -> Past:
        """Return what is known, contacts by arrival."""
        since = max(self.since, min(map(_arrived, self._stories.values()), default=0.0)) if self.cut else self.since
        kept = [(name, story) for name, story in self._stories.items() if _arrived(story) >= since]
        kept.sort(key=lambda each: (_arrived(each[1]), each[0]))
        contacts = [_contact(name, story) for name, story in kept]
        ready = {agent: _spans(changes, since, until) for agent, changes in self._presence.items()}
        return Past(contacts, {agent: spans for agent, spans in ready.items() if spans}, since, until, self.cut)

    def _came(self, event: _Json) -> None:
        if _seconds(event["received_at"]) < self.since or event["contact_id"] in self._stories:
            return
        self._stories[event["contact_id"]] = _story(event)
        if len(self._stories) > self.most:
            del self._stories[next(iter(self._stories))]
            self.cut = True


def _story(event: _Json) -> _Story:
    best = event["candidates"][0] if event.get("candidates") else {}
    facts = Facts(
        channel=Channel(event["channel"]),
        entrance=intern(event["entrance"]),
        unit=intern(event["unit"]),
        received_at=datetime.fromisoformat(event["received_at"]),
        language=intern(event.get("language") or "sv"),
        case_type=intern(best.get("case_type", "")),
        case_unit=intern(best.get("unit", "")),
        confidence=best.get("confidence", 0.0),
        flags=frozenset(map(intern, event.get("flags") or ())),
        automatic=bool(event.get("automatic")),
        unreadable=bool(event.get("unreadable")),
        follows=bool(event.get("follows")),
        kind=WorkKind(event.get("kind") or WorkKind.CONTACT),
        taken_over=TakenOver(event.get("taken_over") or TakenOver.TAKEN),
        open_cases=event.get("open_cases") or 0,
    )
    decision = Decision(
        queue=intern(event["queue"]),
        priority=Priority(event["priority"]),
        skills=tuple(map(intern, event.get("skills") or ())),
        due_at=datetime.fromisoformat(event["due_at"]) if event.get("due_at") else None,
        why=tuple(map(intern, event.get("why") or ())),
    )
    return _Story(facts, decision, intern(event.get("rules_version") or ""), facts.received_at.timestamp())


def _offered(story: _Story, event: _Json) -> None:
    if "preferred" in (event.get("why") or ()):
        story.preferred = intern(event["agent_id"])


def _accepted(story: _Story, event: _Json) -> None:
    story.taken_at = _seconds(event["at"])
    if story.waited is None:
        story.waited = float(event["waited_seconds"])
        story.from_ = max(story.from_, story.taken_at - story.waited)


def _given_back(story: _Story, event: _Json) -> None:
    if story.taken_at is not None:
        story.handling = (story.handling or 0.0) + max(0.0, _seconds(event["at"]) - story.taken_at)
        story.taken_at = None


def _completed(story: _Story, event: _Json) -> None:
    _given_back(story, event)
    if story.waited is None:
        story.left = max(0.0, _seconds(event["at"]) - story.from_)


def _abandoned(story: _Story, event: _Json) -> None:
    _given_back(story, event)
    if story.waited is None:
        story.left = float(event["waited_seconds"])
        story.from_ = max(story.from_, _seconds(event["at"]) - story.left)


_THEN: Mapping[str, Callable[[_Story, _Json], None]] = {
    "offer.made.v1": _offered,
    "offer.accepted.v1": _accepted,
    "contact.requeued.v1": _given_back,
    "contact.completed.v1": _completed,
    "contact.abandoned.v1": _abandoned,
}
WANTED = frozenset({"contact.routed.v1", "agent.presence_changed.v1", *_THEN})
"""The types of event that tell something."""


def _contact(name: str, story: _Story) -> PastContact:
    return PastContact(
        name,
        story.facts,
        story.decision,
        story.version,
        story.from_,
        story.waited,
        story.left,
        story.handling,
        story.preferred,
    )


def _spans(changes: list[tuple[float, bool]], since: float, until: float) -> tuple[tuple[float, float], ...]:
    """Return when an agent was ready; one whose first word is that she is not was ready until then."""
    changes.sort()
    spans: list[tuple[float, float]] = []
    begun = None if changes[0][1] else since
    for moment, ready in [*changes, (until, False)]:
        if ready and begun is None:
            begun = moment
        elif not ready and begun is not None:
            if max(begun, since) < moment:
                spans.append((max(begun, since), moment))
            begun = None
    return tuple(spans)


def _arrived(story: _Story) -> float:
    return story.facts.received_at.timestamp()


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
