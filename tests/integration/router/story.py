"""What Kafka tells of a day: every contact's events in order, by moves that the tables allow, with one end."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from services.router.domain.contact import MOVES, generation_of
from shared.vocabulary import ContactState
from tests.integration.router.support import FakePublisher

WAITING, OFFERED, ASSIGNED, COMPLETED, ABANDONED, WRAPPING = (
    ContactState.WAITING,
    ContactState.OFFERED,
    ContactState.ASSIGNED,
    ContactState.COMPLETED,
    ContactState.ABANDONED,
    ContactState.WRAPPING,
)
STATE_AFTER = {
    "ContactQueued": WAITING,
    "OfferMade": OFFERED,
    "OfferAccepted": ASSIGNED,
    "OfferDeclined": WAITING,
    "OfferExpired": WAITING,
    "ContactRequeued": WAITING,
    "ReturnCallPromised": WAITING,
    "ContactConnected": ASSIGNED,
    "ContactTransferred": ASSIGNED,
    "WrapUpStarted": WRAPPING,
    "ContactCompleted": COMPLETED,
    "ContactAbandoned": ABANDONED,
}
ENDS = {"ContactCompleted", "ContactAbandoned"}


def once(kafka: FakePublisher) -> Iterable[Any]:
    """Give each event once: a relay that died has said some of them twice, under the same id."""
    seen: set[str] = set()
    for each, event in zip(kafka.routing(), kafka.events(), strict=True):
        if each.id not in seen:
            seen.add(each.id)
            yield event


def tell(kafka: FakePublisher, expected: Collection[str]) -> None:
    """Assert that each expected contact's story is whole."""
    stories: dict[str, list[Any]] = defaultdict(list)
    for event in once(kafka):
        if type(event).__name__ in STATE_AFTER:
            stories[event.contact_id].append(event)
    assert set(stories) == set(expected), "a contact is lost"
    for contact_id, story in stories.items():
        _follow(contact_id, story)
    ends = Counter(event.contact_id for story in stories.values() for event in story if type(event).__name__ in ENDS)
    assert ends == Counter(expected), f"not one end each: {[c for c, n in ends.items() if n != 1]}"
    assert not kafka.open().open, "Kafka believes that something is open"


def _follow(contact_id: str, story: list[Any]) -> None:
    state, epoch, holder = None, 0, None
    for event in story:
        following = STATE_AFTER[type(event).__name__]
        assert event.epoch >= epoch, f"{contact_id}: an epoch went back"
        anew = generation_of(event.epoch) > generation_of(epoch)
        if state is not None and not anew and not state == following == WAITING:
            assert following in MOVES[state], f"{contact_id}: {state} to {following}"
        if following == ASSIGNED:
            assert anew or holder in {None, event.agent_id} or hasattr(event, "from_agent"), f"{contact_id}: two owners"
            holder = event.agent_id
        elif following != WRAPPING:
            holder = None
        state, epoch = following, event.epoch
