"""Thousands of random commands on a real Valkey; after each, the store is held against the rules."""

import asyncio
import os
from collections.abc import Coroutine
from datetime import timedelta
from secrets import token_hex
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.router.domain.contact import EPOCHS, MOVES, OPEN, offer_id
from services.router.domain.skills import Profile, profile_of
from services.router.settings import Settings
from services.router.store.queues import Destination, NoLongerYoursError, Offered
from shared.errors import NotFoundError
from shared.vocabulary import Channel, ContactState, Presence, Priority
from tests.integration.router.audit import Picture, best_of, check, picture
from tests.integration.router.support import Desk, open_desk

pytestmark = pytest.mark.integration

AGENTS: dict[str, Profile] = {
    "maria": profile_of(["*"], ["sv", "en"], list(Channel)),
    "jonas": profile_of(["skola"], ["sv", "fi"], list(Channel)),
    "amina": profile_of(["*"], ["sv"], [Channel.EMAIL, Channel.E_SERVICE]),
    "erik": profile_of(["skola", "gata"], ["sv"], [Channel.PHONE, Channel.EMAIL]),
}
STATE_AFTER = {
    "ContactQueued": ContactState.WAITING,
    "OfferMade": ContactState.OFFERED,
    "OfferAccepted": ContactState.ASSIGNED,
    "OfferDeclined": ContactState.WAITING,
    "OfferExpired": ContactState.WAITING,
    "ContactRequeued": ContactState.WAITING,
    "ContactCompleted": ContactState.COMPLETED,
    "ContactAbandoned": ContactState.ABANDONED,
}
T = TypeVar("T")
agents = st.sampled_from(sorted(AGENTS))


class Machine(RuleBasedStateMachine):
    """Four agents and whatever comes in; `url` is set by the test."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = open_desk(Settings(redis=self.url, domain=f"m{token_hex(4)}", cooldown_seconds=45))
        self.desk: Desk = self.do(self.open.__aenter__())
        self.offers: list[tuple[str, int]] = []
        self.held: list[tuple[str, int]] = []
        self.known: list[str] = []
        self.epochs: dict[str, int] = {}
        self.seen: Picture = self.do(picture(self.desk.redis, self.desk.domain.tag))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def attempt(self, work: Coroutine[Any, Any, T]) -> T | None:
        try:
            return self.do(work)
        except (NoLongerYoursError, NotFoundError):
            return None

    @initialize()
    def all_come_in(self) -> None:
        for agent in AGENTS:
            self.presence(agent, Presence.READY)

    @rule(
        channel=st.sampled_from(list(Channel)),
        priority=st.sampled_from(list(Priority)),
        skills=st.sampled_from([(), ("skola",), ("gata",), ("skola", "gata")]),
        language=st.sampled_from(["sv", "sv", "sv", "fi", "de"]),
        ago=st.integers(0, 100_000),
        preferred=st.sampled_from([None, None, None, *AGENTS]),
        due=st.sampled_from([None, None, 60, 3600]),
    )
    def arrive(self, ago: int, due: int | None, preferred: str | None, **fields: Any) -> None:
        due_at = None if due is None else self.seen.now + timedelta(seconds=due - ago)
        contact_id = f"c{len(self.known)}"
        self.known.append(contact_id)
        self.do(self.desk.arrive(contact_id, ago=ago, due_at=due_at, preferred_agent=preferred, **fields))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def arrive_again(self, data: st.DataObject) -> None:
        self.do(self.desk.arrive(data.draw(st.sampled_from(self.known))))

    @rule(agent=agents, wait=st.sampled_from([0, 0, 10, 25]))
    def pull(self, agent: str, wait: int) -> None:
        before, profile = self.seen, AGENTS[agent]
        fields = before.agent(agent)
        offered = self.do(self.desk.pull(agent, wait=wait, profile=profile))
        if fields.get("offer"):
            assert offered is not None
            assert offered.contact_id == fields["offer"], "the open offer again"
        elif fields.get("presence") == "ready":
            usual, late = best_of(before, agent, profile)
            assert (offered.contact_id if offered else None) in {usual, late or usual}, "whose turn it is"
        else:
            assert offered is None
        self.note(offered)

    def note(self, offered: Offered | None) -> None:
        if offered and (offered.contact_id, offered.epoch) not in self.offers:
            self.offers.append((offered.contact_id, offered.epoch))

    @precondition(lambda self: self.offers)
    @rule(data=st.data(), twice=st.booleans())
    def accept(self, data: st.DataObject, twice: bool) -> None:
        contact_id, epoch = data.draw(st.sampled_from(self.offers))
        contact = self.seen.contacts.get(contact_id)
        current = contact is not None and contact.state == ContactState.OFFERED and contact.epoch == epoch
        taken = self.attempt(self.desk.queues.accept(offer_id(contact_id, epoch), epoch))
        assert not current or taken, "an open offer can be taken"
        if taken and taken not in self.held:
            self.held.append(taken)
        if twice:
            assert self.attempt(self.desk.queues.accept(offer_id(contact_id, epoch), epoch)) == taken

    @precondition(lambda self: self.offers)
    @rule(data=st.data(), twice=st.booleans())
    def decline(self, data: st.DataObject, twice: bool) -> None:
        contact_id, epoch = data.draw(st.sampled_from(self.offers))
        for _ in range(1 + twice):
            self.attempt(self.desk.queues.decline(offer_id(contact_id, epoch), epoch, "lunch"))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), twice=st.booleans())
    def complete(self, data: st.DataObject, twice: bool) -> None:
        contact_id, epoch = data.draw(st.sampled_from(self.held))
        for _ in range(1 + twice):
            self.attempt(self.desk.queues.complete(contact_id, epoch, None))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), queue=st.sampled_from([None, "annan"]))
    def requeue(self, data: st.DataObject, queue: str | None) -> None:
        contact_id, epoch = data.draw(st.sampled_from(self.held))
        self.attempt(self.desk.queues.requeue(contact_id, epoch, Destination(queue), reason="fel"))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def citizen_leaves(self, data: st.DataObject) -> None:
        self.do(self.desk.queues.cancel(data.draw(st.sampled_from(self.known)), "hangup", 3.5))

    @precondition(lambda self: self.known)
    @rule(data=st.data(), agent=st.sampled_from([None, *AGENTS]))
    def case_ends(self, data: st.DataObject, agent: str | None) -> None:
        self.do(self.desk.end_case(data.draw(st.sampled_from(self.known)), agent))

    @rule(agent=agents, state=st.sampled_from([Presence.READY, Presence.READY, Presence.AWAY, Presence.OFFLINE]))
    def presence(self, agent: str, state: Presence) -> None:
        self.do(self.desk.be(agent, state, AGENTS[agent]))

    @rule(agent=agents)
    def leaves_the_desk(self, agent: str) -> None:
        self.do(self.desk.queues.stop_waiting(agent))

    @rule(seconds=st.sampled_from([1, 5, 12, 31, 50]))
    def time_passes(self, seconds: int) -> None:
        self.do(self.desk.pass_time(seconds))
        self.do(self.desk.sweep())

    @rule(agent=agents, answer=st.booleans())
    def work(self, agent: str, answer: bool) -> None:
        """She is ready, takes what she gets, and sometimes ends it at once."""
        self.presence(agent, Presence.READY)
        offered = self.do(self.desk.pull(agent, profile=AGENTS[agent]))
        self.note(offered)
        if offered is None:
            return
        taken = self.do(self.desk.queues.accept(offer_id(offered.contact_id, offered.epoch), offered.epoch, agent))
        self.held.append(taken)
        if answer:
            self.do(self.desk.queues.complete(*taken, "ct"))

    @rule(flush=st.booleans(), unlucky=st.sampled_from([False, False, False, False, True]))
    def the_store_is_lost(self, flush: bool, unlucky: bool) -> None:
        """It is emptied, or comes back as another server with what it had; Kafka knows the rest."""
        if not unlucky:
            return
        before = {c.id: c for c in self.seen.contacts.values()}
        self.do(self.desk.lose(flush=flush))
        after = self.do(picture(self.desk.redis, self.desk.domain.tag))
        for contact_id, contact in before.items():
            if contact.state in {ContactState.WAITING, ContactState.OFFERED}:
                assert after.contacts[contact_id].state == ContactState.WAITING
            elif contact.state in OPEN:
                assert after.contacts[contact_id].state == ContactState.ASSIGNED
                assert after.contacts[contact_id].agent == contact.agent
        for contact_id, epoch in self.offers:
            now = after.contacts.get(contact_id)
            assert now is None or now.state != ContactState.WAITING or now.epoch > epoch, "an old offer is refused"

    @invariant()
    def all_holds(self) -> None:
        self.seen = self.do(picture(self.desk.redis, self.desk.domain.tag))
        check(self.seen)
        assert self.do(self.desk.drift()).wrong == 0, "the drift metric sees what is not there"
        states = {contact_id: fields["state"] for contact_id, fields in self.seen.under("c:")}
        assert set(self.known) <= set(states), "a contact is lost"
        for contact in self.seen.contacts.values():
            assert contact.epoch >= self.epochs.get(contact.id, 0), "an epoch went back"
            self.epochs[contact.id] = contact.epoch

    def teardown(self) -> None:
        self.do(self.desk.relayed())
        for contact_id in self.known:
            self._events_tell_the_same(contact_id)
        self.do(self.open.__aexit__(None, None, None))
        self.runner.close()

    def _events_tell_the_same(self, contact_id: str) -> None:
        state, epoch = None, 0
        for event in self.desk.kafka.events(contact_id):
            following = STATE_AFTER.get(type(event).__name__)
            if following is None:
                continue
            assert event.epoch >= epoch, "events in order of their epochs"
            if event.epoch // EPOCHS != epoch // EPOCHS and state == ContactState.OFFERED:
                state = ContactState.WAITING  # the store was lost, and what was only offered waits again
            assert following == ContactState.WAITING or state is None or following in MOVES[state], (state, event)
            state, epoch = following, event.epoch
        actual = self.seen.contacts.get(contact_id)
        if actual and actual.state in OPEN - {ContactState.WAITING}:
            assert state == actual.state


@pytest.mark.timeout(600)
def test_whatever_happens_nobody_is_lost_doubled_or_leaked(redis_url: str):
    Machine.url = redis_url
    examples = int(os.environ.get("KC_MACHINE_EXAMPLES", "25"))
    quick = settings(
        max_examples=examples,
        stateful_step_count=80,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Machine, settings=quick)
