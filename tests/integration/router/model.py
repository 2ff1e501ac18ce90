"""The router as one page of Python: fed with what the store says, it accepts only what the promises allow.

It follows the events in the order in which the store wrote them. Each must be a move that the tables allow, made for
the right agent, at the right place in line, with room, skills and leave. What time decides (cooling down, a dwell, a
blend) is known to be over when a sweep has passed it, and known to hold until it is due: between the two both are
right.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from services.router.domain.contact import EPOCHS, HELD, MOVES, OCCUPYING, OPEN
from services.router.domain.order import CLASSES, SHARE
from services.router.store.open import OpenContacts
from shared.records import OpenContact
from shared.vocabulary import LIVE_CHANNELS, ContactState, Presence, Priority, WorkKind
from tests.integration.router.parts import (
    LOOK_PAST,
    NEVER,
    PRESENCE_MS,
    TOLERANCE,
    Agent,
    Contact,
    Fields,
    as_it_comes,
    asks_at,
    ms,
    suits,
    wrong,
)


@dataclass(slots=True)
class Model:
    """Everything that must be so."""

    cooldown_ms: int
    interval_ms: int
    transfer_ms: int
    connecting: bool
    agents: dict[str, Agent] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    moves: Counter[str] = field(default_factory=Counter)
    now: int = 0
    swept: int = 0
    worst_contest: int = 0
    answering: str = ""
    """The contact of a claim under way."""
    expected: dict[str, str] = field(default_factory=dict)
    """What a contact must ask for after a step, until its `open` record has said it."""

    @property
    def transitions(self) -> int:
        return self.moves.total()

    @property
    def open(self) -> list[Contact]:
        return [each for each in self.contacts.values() if each.state in OPEN or each.state == ContactState.WRAPPING]

    # -- what the commands say

    def came(self, asked: OpenContact) -> None:
        """A contact is about to be enqueued; known ones stay as they are."""
        if asked.contact_id not in self.contacts:
            self.contacts[asked.contact_id] = as_it_comes(asked)

    def _as_it_came(self, contact: Contact) -> None:
        """The store has never heard of it, as far as anybody knows; epochs of the old generation are still history."""
        self.contacts[contact.id] = replace(
            as_it_comes(contact.asked), highest=contact.highest, answers=contact.answers
        )

    def send(self, contact_id: str, *, to_agent: str | None, not_before: datetime | None) -> None:
        """A contact is about to be given back, for a colleague or for later."""
        contact = self.contacts[contact_id]
        if to_agent:
            contact.preferred, contact.dwell, contact.kept, contact.lined_up = to_agent, self.transfer_ms, (0, 0), False
        if not_before:
            contact.not_before = ms(not_before)

    def sweep(self, started: int, ended: int) -> None:
        """A sweep that began then has found nothing more to do."""
        self.swept = started
        for agent in self.agents.values():
            gone = agent.presence != Presence.OFFLINE and agent.lease < started - TOLERANCE
            wrong(gone, "there without a lease", agent, started)
        for contact in self.contacts.values():
            late = contact.state == ContactState.OFFERED and contact.expires < started - TOLERANCE
            wrong(late, "an offer outlives its time", contact, started)
            if contact.kept[1] == NEVER and contact.not_before < started:
                contact.kept = (0, ended + contact.dwell)

    def settled(self, at: int) -> None:
        """Between commands: nobody waits beside a contact that she could have, and nothing is held for nothing."""
        for agent in self.agents.values():
            live = any(channel in LIVE_CHANNELS for item, channel in agent.items.items() if item != agent.offer)
            wrong(agent.on_hold and not live, "held for nothing", agent)
            if agent.presence == Presence.READY and not agent.offer and agent.wait_until - TOLERANCE > at:
                missed = [each for each in self.contacts.values() if self.surely(each, agent)]
                wrong(missed, "waits beside a fitting contact", agent, missed, self.swept)

    def rebuilt(self, kafka: OpenContacts, generation: int, at: int) -> None:
        """The store was filled anew from what Kafka has; everything else is forgotten."""
        self.swept = 0
        for agent in self.agents.values():
            fresh = Agent(agent.id, agent.terms)
            self.agents[agent.id] = fresh
        for contact in list(self.contacts.values()):
            record = kafka.open.get(contact.id)
            contact.agent, contact.kept, contact.lined_up = None, (0, 0), False
            contact.taken = contact.wraps_since = 0
            contact.forget(record)
            if record is None:
                contact.state = ContactState.COMPLETED
                if contact.id not in kafka.ended:
                    self._as_it_came(contact)
                continue
            had = record.state in {*HELD, ContactState.WRAPPING} and record.agent_id
            contact.state = ContactState.WAITING
            contact.epoch = record.epoch if had else generation * EPOCHS + 1
            contact.queue, contact.step, contact.preferred = record.queue, record.step, record.preferred_agent
            contact.not_before = ms(record.not_before) if record.not_before else 0
            contact.dwell = round(record.dwell_seconds * 1000)
            contact.own = "" if record.kind == WorkKind.RETURN_CALL else record.queue_owner or ""
            asks = record.asks if record.asks is not None else contact.signature.rsplit("|", 1)[1]
            contact.signature = f"{CLASSES.index(record.priority)}|{contact.channel}|{asks}"
            if had:
                wrapping = record.state == ContactState.WRAPPING
                contact.state = ContactState.WRAPPING if wrapping else ContactState.ASSIGNED
                contact.agent = record.agent_id
                holder = self.agents[record.agent_id or ""]
                holder.items[contact.id], holder.lease = contact.channel, at + PRESENCE_MS
            else:
                self._stands(contact)

    # -- what the store says

    def hear(self, entries: Sequence[Fields]) -> None:
        """Follow what the store has written."""
        for fields in entries:
            self.now = max(self.now, int(fields["at"]))
            name = "_" + fields["t"].removesuffix(".v1").replace(".", "_")
            getattr(self, name, partial(wrong, name, "an event that nobody knows"))(fields)

    def _become(self, fields: Fields, state: ContactState) -> Contact:
        contact, epoch = self.contacts[fields["k"]], int(fields["epoch"])
        before = contact.state
        wrong(before is None and state != ContactState.WAITING, "it moved before it came", fields)
        if before is not None and not before == state == ContactState.WAITING:
            wrong(state not in MOVES[before], f"no way from {before} to {state}", fields, contact)
        wrong(epoch <= contact.highest, "the epoch did not rise", fields, contact)
        contact.highest = contact.epoch = epoch
        contact.state = state
        self.moves[f"{before}>{state}"] += 1
        return contact

    def _routed(self, fields: Fields) -> None:
        wrong(self.contacts[fields["k"]].state is not None, "routed twice", fields)

    def _contact_queued(self, fields: Fields) -> None:
        contact = self.contacts[fields["k"]]
        wrong(contact.state is not None, "queued twice", fields)
        self._become(fields, ContactState.WAITING)
        wrong(fields["queue"] != contact.queue, "another queue", fields, contact)
        self._stands(contact)

    def _stands(self, contact: Contact) -> None:
        """In line: at first for its preferred agent alone, if she is there."""
        if not contact.preferred or contact.own:
            return
        if contact.dwell and not contact.lined_up:
            later, till = contact.not_before > self.now, self.now + contact.dwell
            contact.kept, contact.lined_up = (0, NEVER) if later else (till, till), True
        if self.agents[contact.preferred].presence == Presence.OFFLINE and contact.not_before <= self.now:
            contact.kept = (0, self.now)

    def _offer_made(self, fields: Fields) -> None:
        contact, agent = self.contacts[fields["k"]], self.agents[fields["agent_id"]]
        about = (contact, agent, fields)
        wrong(contact.state != ContactState.WAITING, "offered though it does not wait", *about)
        wrong(Presence.READY not in {agent.presence, agent.becoming}, "offered to one who is not ready", *about)
        wrong(agent.offer, "two offers to one agent", *about)
        wrong(not agent.asking and agent.wait_until + TOLERANCE <= self.now, "offered to one who did not ask", *about)
        wrong(not self.may(contact, agent, self.now), "offered against the rules", *about)
        self._in_order(contact, agent)
        self._become(fields, ContactState.OFFERED)
        contact.agent, contact.expires = agent.id, int(fields["expires_at"])
        agent.offer, agent.wait_until = contact.id, 0
        agent.items[contact.id] = contact.channel

    def _in_order(self, contact: Contact, agent: Agent) -> None:
        """Nobody who could certainly have had this turn stood before, on either side of the offer."""
        able = [each for each in self.contacts.values() if each is not contact and self.surely(each, agent)]
        rank, is_late = contact.rank(agent), contact.late_from <= self.now
        passed = [each for each in able if each.rank(agent) < rank]
        wrong(passed and not is_late, "not its turn", contact, agent, passed, self.swept)
        late = [each for each in able if each.late_from <= self.now and each.kept[1] < self.swept]
        later = [each for each in late if each.late_from < contact.late_from]
        wrong(passed and later and is_late, "others are late for longer", contact, agent, later, self.swept)
        agent.contested = agent.contested + 1 if later else 0
        self.worst_contest = max(self.worst_contest, agent.contested)
        wrong(agent.contested >= SHARE, "a late contact has lost too often", contact, agent, later)
        if contact.preferred == agent.id or agent.asking:
            return
        for other in self.agents.values():
            seated = other is not agent and other.presence == Presence.READY and not other.offer
            if seated and other.wait_until - TOLERANCE > self.now and other.idle < agent.idle:
                wrong(self.surely(contact, other), "another was idle for longer", contact, agent, other, self.swept)

    def may(self, contact: Contact, agent: Agent, at: int) -> bool:
        """Whether the rules allow that she is offered it now, time being read generously."""
        at += TOLERANCE
        return (
            suits(contact, agent)
            and contact.not_before <= at
            and agent.leave_from(contact.channel)[0] <= at
            and not contact.cools_for(agent.id, at, certainly=True)
            and (contact.kept[0] <= at or contact.preferred == agent.id)
        )

    def surely(self, contact: Contact, agent: Agent) -> bool:
        """Whether she could certainly be offered it: what time decides has been swept, and not too much is passed."""
        return (
            contact.state == ContactState.WAITING
            and suits(contact, agent)
            and contact.not_before < self.swept
            and agent.leave_from(contact.channel)[1] < self.swept
            and not contact.cools_for(agent.id, self.swept, certainly=False)
            and (contact.kept[1] < self.swept or contact.preferred == agent.id)
            and sum(each.cools_for(agent.id, self.swept, certainly=False) for each in self.open) <= LOOK_PAST
        )

    def _offer_accepted(self, fields: Fields) -> None:
        contact, agent = self.contacts[fields["k"]], self.agents[fields["agent_id"]]
        outside = contact.state == ContactState.WAITING or self.answering == contact.id
        taker = contact.answers[1] if outside else contact.agent
        wrong(taker != agent.id, "accepted by another", fields, contact)
        connecting = self.connecting and contact.connects and not outside
        contact.taken = contact.epoch
        self._become(fields, ContactState.CONNECTING if connecting else ContactState.ASSIGNED)
        contact.agent, agent.items[contact.id] = agent.id, contact.channel
        agent.offer = None if agent.offer == contact.id else agent.offer
        agent.taken.append(self.now)
        contact.cools.clear()

    def _contact_transferred(self, fields: Fields) -> None:
        contact, left = self.contacts[fields["k"]], self.agents[fields["from_agent"]]
        wrong(contact.agent != left.id or contact.answers[1] != fields["agent_id"], "moved to another", fields, contact)
        self._become(fields, ContactState.ASSIGNED)
        contact.agent = fields["agent_id"]
        self.agents[contact.agent].items[contact.id] = contact.channel
        self._free(contact, left, idle=True)

    def _contact_connected(self, fields: Fields) -> None:
        contact = self.contacts[fields["k"]]
        wrong(contact.state != ContactState.CONNECTING, "connected though it was not connecting", fields)
        contact.state = ContactState.ASSIGNED
        self.moves["connecting>assigned"] += 1

    def _offer_declined(self, fields: Fields) -> None:
        self._back(fields, certain=True)

    def _offer_expired(self, fields: Fields) -> None:
        self._back(fields, certain=False)

    def _contact_requeued(self, fields: Fields) -> None:
        self.contacts[fields["k"]].queue = fields["queue"]
        self._back(fields, certain=False)

    def _contact_return_call_promised(self, fields: Fields) -> None:
        contact = self.contacts[fields["k"]]
        contact.called_back = True
        contact.own = ""
        if contact.state == ContactState.WAITING:
            self._become(fields, ContactState.WAITING)
            self._stands(contact)
        else:
            self._back(fields, certain=False, cools=False)

    def _back(self, fields: Fields, *, certain: bool, cools: bool = True) -> None:
        contact = self.contacts[fields["k"]]
        held, agent = contact.state in HELD, self.agents[contact.agent or ""]
        wrong(contact.state not in OCCUPYING, "given back by nobody", fields, contact)
        wrong(fields.get("agent_id") != agent.id, "given back by another", fields, contact)
        self._become(fields, ContactState.WAITING)
        contact.agent, contact.taken = None, 0
        if cools:
            contact.cools[agent.id] = (self.now + self.cooldown_ms, certain)
        if contact.preferred == agent.id and contact.kept[1] > self.now:
            contact.kept = (0, self.now)
        self._stands(contact)
        self._free(contact, agent, idle=held, least=self.interval_ms if certain else 0, most=self.interval_ms)

    def _free(self, contact: Contact, agent: Agent, *, idle: bool, least: int = 0, most: int = 0) -> None:
        rest = round(agent.terms.rest_seconds * 1000) if agent.known else 0
        agent.items.pop(contact.id)
        agent.on_hold.discard(contact.id)
        agent.offer = None if agent.offer == contact.id else agent.offer
        agent.idle = self.now if idle else agent.idle
        if max(least, rest):
            agent.pause = (self.now + max(least, rest), self.now + max(most, rest))
        elif most:
            agent.pause = (0, max(agent.pause[1], self.now + most))

    def _contact_completed(self, fields: Fields) -> None:
        contact, took = self.contacts[fields["k"]], float(fields["after_work_seconds"])
        since = contact.wraps_since if contact.state == ContactState.WRAPPING else int(fields["at"])
        lasted = (int(fields["at"]) - since) / 1000
        wrong(since and abs(took - lasted) > 0.001, "after-work of another length", fields, contact)
        self._end(fields, ContactState.COMPLETED)

    def _contact_abandoned(self, fields: Fields) -> None:
        self._end(fields, ContactState.ABANDONED)

    def _end(self, fields: Fields, state: ContactState) -> None:
        contact = self.contacts[fields["k"]]
        holder, held = contact.agent, contact.state != ContactState.OFFERED
        self._become(fields, state)
        contact.agent = None
        if holder:
            self._free(contact, self.agents[holder], idle=held)

    def _contact_wrap_up_started(self, fields: Fields) -> None:
        contact = self._become(fields, ContactState.WRAPPING)
        contact.wraps_since = int(fields["at"])
        wrong(contact.agent != fields["agent_id"], "another wraps up", fields, contact)
        self.agents[fields["agent_id"]].on_hold.discard(contact.id)

    def _contact_moved(self, fields: Fields) -> None:
        contact, epoch = self.contacts[fields["k"]], int(fields["epoch"])
        offered = contact.state == ContactState.OFFERED
        wrong(not offered and contact.state != ContactState.WAITING, "moved though it is taken", fields, contact)
        wrong(epoch < contact.highest or (epoch == contact.highest and not offered), "the epoch did not rise", fields)
        contact.highest = contact.epoch = epoch
        self.moves["waiting>waiting"] += 1
        step, queue = int(fields.get("step") or 0), fields["queue"]
        if fields["reason"] == "overflow":
            wrong(step != contact.step + 1, "a step was skipped", fields, contact)
            due = max(contact.arrived, contact.not_before) + contact.asked.steps[step - 1].after_seconds * 1000
            wrong(due > self.now + TOLERANCE, "a step before its time", fields, contact)
            taken = contact.asked.steps[step - 1]
            if taken.skills is not None or taken.reserves:
                self.expected[contact.id] = asks_at(contact.asked, step)
            elif queue == contact.queue:
                self.expected[contact.id] = contact.signature.rsplit("|", 1)[1]
        contact.step, contact.queue = step, queue
        contact.signature = f"{CLASSES.index(Priority(fields['priority']))}{contact.signature[1:]}"

    def _contact_left(self, fields: Fields) -> None:
        wrong(not self.contacts[fields["k"]].leaves(int(fields["epoch"])), "left twice, or of another epoch", fields)

    def _contact_held(self, fields: Fields) -> None:
        agent = self.agents[fields["agent_id"]]
        wrong(fields["k"] not in agent.items, "held though she has it not", fields, agent)
        agent.on_hold.add(fields["k"])

    def _contact_resumed(self, fields: Fields) -> None:
        agent = self.agents[fields["agent_id"]]
        wrong(fields["k"] not in agent.on_hold, "resumed though it was not held", fields, agent)
        agent.on_hold.discard(fields["k"])

    def _contact_return_call_offered(self, fields: Fields) -> None:
        wrong(self.contacts[fields["k"]].state not in OPEN, "too late for a return call", fields)

    def _open(self, fields: Fields) -> None:
        contact = self.contacts[fields["k"]]
        wrong(fields["state"] != contact.state, "`open` says another state", fields, contact)
        wrong(int(fields["epoch"]) != contact.epoch, "`open` says another epoch", fields, contact)
        wrong(fields["queue"] != contact.queue, "`open` says another queue", fields, contact)
        contact.own = "" if fields["kind"] == WorkKind.RETURN_CALL else fields["queue_owner"]
        asks, expected = fields["asks"], self.expected.pop(contact.id, None)
        wrong(expected not in {None, asks}, "the ring asks for something else", expected, fields)
        contact.signature = f"{contact.signature.rsplit('|', 1)[0]}|{asks}"

    def _contact_conferenced(self, fields: Fields) -> None:
        contact = self.contacts[fields["k"]]
        wrong(contact.agent != fields["agent_id"] or contact.state not in HELD, "another's call", fields, contact)

    def _gone(self, fields: Fields) -> None:
        wrong(self.contacts[fields["k"]].state in OPEN, "gone though it is open", fields)

    def _supervisor_acted(self, fields: Fields) -> None:
        wrong(not fields.get("by"), "nobody acted", fields)

    def _agent_presence_changed(self, fields: Fields) -> None:
        agent = self.agents[fields["k"]]
        agent.presence = Presence(fields["presence"])
        early = fields["reason"] == "heartbeat_lost" and self.now < agent.lease - TOLERANCE
        wrong(early, "taken to be gone while she was there", agent, fields)
        if agent.presence == Presence.READY:
            agent.idle = self.now
        if agent.presence == Presence.OFFLINE:
            for contact in self.contacts.values():
                if contact.preferred == agent.id:
                    contact.kept = (0, contact.kept[1])
        wrong(int(fields["used"]) != agent.used, "`used` is not what she has", fields, agent)
