"""What agents, citizens, supervisors and time do to the store, drawn by lot; each act knows whether it is right."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from services.router.domain.contact import HELD, OPEN, offer_id
from services.router.domain.skills import Terms
from services.router.store.queues import Destination, EndedCase, Queues
from shared.records import OpenContact
from shared.records.routing import OverflowStep, WrapUp
from shared.vocabulary import LIVE_CHANNELS, Channel, ContactState, Presence, Priority, WrapUpMode
from tests.integration.router.drive import TERMS, Driver
from tests.integration.router.parts import PRESENCE_MS, Contact, wrong
from tests.integration.router.support import contact

ENOUGH = 25
"""Contacts that are open at a time, so that what is compared stays small."""
REMEMBERED = 60
"""Contacts that are known at a time, ended ones included."""
STEPS: tuple[tuple[OverflowStep, ...], ...] = (
    (),
    (),
    (OverflowStep(after_seconds=20, skills=()), OverflowStep(after_seconds=40, queue="annan")),
    (OverflowStep(after_seconds=15, reserves=True), OverflowStep(after_seconds=30, priority=Priority.URGENT)),
    (OverflowStep(after_seconds=25, offer_return_call=True), OverflowStep(after_seconds=900, give_up=True)),
)
WRAP_UPS = (None, None, WrapUp(mode=WrapUpMode.TIMED, seconds=8), WrapUp(mode=WrapUpMode.MANDATORY, seconds=4))
SKILLS: tuple[tuple[str, ...], ...] = ((), (), ("skola",), ("gata=2",), ("skola=2", "gata"), ("protected",))
Token = tuple[str, int]


@dataclass(slots=True)
class Acts:
    """The acts on one domain; what the browsers of its agents remember stands in `offers` and `held`."""

    driver: Driver
    offers: dict[str, list[Token]] = field(default_factory=lambda: {agent: [] for agent in TERMS})
    held: dict[str, list[Token]] = field(default_factory=lambda: {agent: [] for agent in TERMS})
    serial: int = 0

    @property
    def table(self) -> list[tuple[int, Callable[[], Awaitable[Any]]]]:
        """The acts, and how often each is drawn."""
        return [
            (14, self.arrive),
            (2, self.arrive_again),
            (24, self.pull),
            (20, self.accept),
            (4, self.decline),
            (16, self.complete),
            (4, self.requeue),
            (3, self.connected),
            (3, self.not_answered),
            (3, self.wrap_end),
            (2, self.return_call),
            (3, self.answered_outside),
            (3, self.leave),
            (3, self.case_ends),
            (1, self.purge),
            (3, self.rearrange),
            (2, self.release),
            (1, self.conference),
            (12, self.presence),
            (2, self.stop_waiting),
            (6, self.time_passes),
            (4, self.relayed),
            (1, self.browser_dies),
            (1, self.process_dies),
        ]

    async def burst(self, number: int) -> None:
        """Do that many things."""
        acts = [act for weight, act in self.table for _ in range(weight)]
        for _ in range(number):
            await self.driver.dice.choice(acts)()
            if len(self.driver.model.contacts) > REMEMBERED:
                await self._forget()
        await self.driver.compare()

    async def _forget(self) -> None:
        """Ended contacts, once Kafka knows of their end, are not asked about any more."""
        await self.driver.relayed()
        model = self.driver.model
        kept = {c.id: c for c in model.contacts.values() if c.state in OPEN or c.state in {None, ContactState.WRAPPING}}
        model.contacts = kept
        for tokens in (*self.offers.values(), *self.held.values()):
            tokens[:] = [token for token in tokens if token[0] in kept][-10:]

    # -- arrivals

    async def arrive(self) -> None:
        dice = self.driver.dice
        if len(self.driver.model.open) >= ENOUGH:
            await self.case_ends()
            return
        await self.driver.enqueue([self._contact() for _ in range(dice.choice((1, 1, 1, 3)))])

    def _contact(self) -> OpenContact:
        dice, now = self.driver.dice, datetime.fromtimestamp(self.driver.now / 1000, UTC)
        self.serial += 1
        ago = dice.choice((0, 0, 30, 3600, 40_000, 100_000))
        due, not_before = dice.choice((None, None, 60, 3600)), dice.choice((None,) * 8 + (10,))
        preferred, channel = dice.choice((None, None, None, *TERMS)), dice.choice(list(Channel))
        return contact(
            f"c{self.serial}",
            channel=channel,
            tells_connected=channel == Channel.PHONE and dice.random() < 0.7,
            priority=dice.choice(list(Priority)),
            skills=dice.choice(SKILLS),
            language=dice.choice(("sv", "sv", "sv", "fi", "de")),
            received_at=now - timedelta(seconds=ago),
            due_at=None if due is None else now + timedelta(seconds=due - ago),
            preferred_agent=preferred,
            dwell_seconds=dice.choice((0, 0, 8)) if preferred else 0,
            steps=dice.choice(STEPS),
            wrap_up=dice.choice(WRAP_UPS),
            not_before=None if not_before is None else now + timedelta(seconds=not_before),
            queue_owner=dice.choice((None,) * 8 + ("pbx",)),
        )

    async def arrive_again(self) -> None:
        if known := self._some():
            await self.driver.enqueue([known.asked])

    def _some(self) -> Contact | None:
        known = [each for each in self.driver.model.contacts.values() if each.state is not None]
        return self.driver.dice.choice(known) if known else None

    # -- agents

    def _agent(self) -> str:
        return self.driver.dice.choice(list(TERMS))

    async def presence(self) -> None:
        states = (Presence.READY,) * 8 + (Presence.AWAY, Presence.OFFLINE)
        await self.be(self._agent(), self.driver.dice.choice(states))

    async def be(self, agent: str, state: Presence) -> None:
        model = self.driver.model.agents[agent]
        model.terms, model.known, model.asking, model.becoming = TERMS[agent], True, True, state
        if Presence.READY == state != model.presence:
            model.idle = self.driver.now
        answer = await self.driver.ask(lambda queues: queues.presence(agent, state, None, TERMS[agent]))
        model.asking, model.becoming, model.lease = False, None, self.driver.now + PRESENCE_MS
        wrong(answer.presence != model.presence, "another presence", answer, model)
        wrong(answer.used != model.used, "another `used`", answer, model)
        wrong(answer.on_hold != len(model.on_hold), "another `on_hold`", answer, model)

    async def pull(self) -> None:
        dice, agent = self.driver.dice, self._agent()
        if self.driver.model.agents[agent].presence != Presence.READY and dice.random() < 0.7:
            await self.be(agent, Presence.READY)
        terms = TERMS[agent] if dice.random() < 0.9 else TERMS[agent].narrowed({dice.choice(list(Channel))})
        await self.ask_for_work(agent, dice.choice((0, 0, 10, 25)), terms)

    async def ask_for_work(self, agent: str, wait: float, terms: Terms) -> None:
        model = self.driver.model.agents[agent]
        had, model.asking = model.offer, True
        model.terms, model.known = (model.terms, model.known) if had else (terms, True)
        offered = await self.driver.ask(lambda queues: queues.pull(agent, terms, wait=wait))
        model.asking = False
        wrong(had and (offered is None or offered.contact_id != had), "the open offer again", had, offered)
        wrong(model.offer != (offered.contact_id if offered else None), "another offer", offered, model)
        if not had and model.presence != Presence.OFFLINE:
            model.lease = self.driver.now + round(wait * 1000) + PRESENCE_MS
        if offered:
            self.offers[agent].append((offered.contact_id, offered.epoch))
        elif wait:
            model.wait_until = max(model.wait_until, self.driver.now + round(wait * 1000))

    async def stop_waiting(self) -> None:
        agent = self._agent()
        await self.driver.ask(lambda queues: queues.stop_waiting(agent))
        self.driver.model.agents[agent].wait_until = 0

    def _token(self, memory: dict[str, list[Token]]) -> tuple[str, str, int, Contact] | None:
        """One that an agent remembers, mostly her newest; now and then she says it in another's name."""
        dice = self.driver.dice
        agent = self._agent()
        known = [token for token in memory[agent] if token[0] in self.driver.model.contacts]
        if not known:
            return None
        contact_id, epoch = known[-1] if dice.random() < 0.8 else dice.choice(known)
        return (
            agent if dice.random() < 0.97 else self._agent(),
            contact_id,
            epoch,
            self.driver.model.contacts[contact_id],
        )

    async def accept(self) -> None:
        if not (token := self._token(self.offers)):
            return
        agent, contact_id, epoch, known = token
        hers = known.agent == agent
        right = hers and (
            (known.state == ContactState.OFFERED and known.epoch == epoch)
            or (known.state in HELD and known.taken == epoch)
        )
        taken = await self.driver.attempt(lambda q: q.accept(offer_id(contact_id, epoch), epoch, agent), right=right)
        if taken:
            self.held[agent].append(taken)

    async def decline(self) -> None:
        if token := self._token(self.offers):
            agent, contact_id, epoch, known = token
            right = known.agent == agent and known.state == ContactState.OFFERED and known.epoch == epoch
            await self._once(
                "decline", token, right, lambda q: q.decline(offer_id(contact_id, epoch), epoch, "x", agent)
            )

    async def complete(self) -> None:
        if token := self._token(self.held):
            agent, contact_id, epoch, _ = token
            await self._once("complete", token, self._has(token), lambda q: q.complete(contact_id, epoch, "ct", agent))

    async def requeue(self) -> None:
        if not (token := self._token(self.held)):
            return
        agent, contact_id, epoch, known = token
        dice = self.driver.dice
        queue, to = dice.choice((None, None, "annan", "tredje")), dice.choice((None, None, *TERMS))
        later = dice.choice((None, None, None, timedelta(seconds=7)))
        at = None if later is None else datetime.fromtimestamp(self.driver.now / 1000, UTC) + later
        right = self._has(token)
        if right:
            self.driver.model.send(known.id, to_agent=to, not_before=at)
        await self._once(
            "requeue",
            token,
            right,
            lambda q: q.requeue(contact_id, epoch, Destination(queue, to, at), reason="fel", agent_id=agent),
        )

    @staticmethod
    def _has(token: tuple[str, str, int, Contact]) -> bool:
        agent, _, epoch, known = token
        return known.agent == agent and known.state in HELD and known.epoch == epoch

    async def _once(self, verb: str, token: tuple[str, str, int, Contact], right: bool, command: Any) -> None:
        """A command that remembers the epoch it worked on, so that its repetition is the same."""
        _, _, epoch, known = token
        again = known.done.get(verb) == epoch
        if verb == "complete" and known.state in HELD:
            again = False
        if right:
            known.done[verb] = epoch
        await self.driver.attempt(command, right=right or again)

    async def connected(self) -> None:
        if token := self._token(self.held):
            _, contact_id, epoch, known = token
            if right := known.state in HELD and known.epoch == epoch:
                known.through = epoch
            await self.driver.attempt(lambda q: q.connected(contact_id, epoch), right=right)

    async def not_answered(self) -> None:
        if token := self._token(self.held):
            _, contact_id, epoch, known = token
            right = known.state in HELD and known.epoch == epoch and known.through != epoch and not known.gone
            before = known.epoch
            await self.driver.ask(lambda q: q.not_answered(contact_id, epoch))
            wrong(right == (known.epoch == before), "a phone that is silent", right, known)

    async def wrap_end(self) -> None:
        agent = self._agent()
        wrapping = [
            each
            for each in self.driver.model.contacts.values()
            if each.agent == agent and each.state == ContactState.WRAPPING
        ]
        if wrapping:
            mode = wrapping[0].asked.wrap_up
            free = mode is not None and mode.mode != WrapUpMode.MANDATORY
            await self.driver.attempt(lambda q: q.wrap_end(wrapping[0].id, agent), right=free)

    async def conference(self) -> None:
        if token := self._token(self.held):
            agent, contact_id, epoch, _ = token
            right = self._has(token)
            await self.driver.attempt(lambda q: q.conference(contact_id, epoch, "officer-1", agent), right=right)

    # -- citizens, cases, supervisors

    async def return_call(self) -> None:
        command, dice = f"rc{self.driver.commands}", self.driver.dice
        at = dice.choice((None, datetime.fromtimestamp(self.driver.now / 1000, UTC) + timedelta(seconds=9)))
        if dice.random() < 0.5 and (token := self._token(self.held)):
            agent, contact_id, epoch, known = token
            right = self._has(token)
            if right:
                self.driver.model.send(known.id, to_agent=agent, not_before=at)
            await self.driver.attempt(
                lambda q: q.return_call(contact_id, at=at, epoch=epoch, agent_id=agent, command_id=command), right=right
            )
        elif known_one := self._some():
            right = known_one.state in {ContactState.WAITING, ContactState.OFFERED}
            if right:
                self.driver.model.send(known_one.id, to_agent=None, not_before=at)
            await self.driver.attempt(lambda q: q.return_call(known_one.id, at=at, command_id=command), right=right)

    async def answered_outside(self) -> None:
        """The exchange says who has answered; what it said before is history."""
        if known := self._some():
            dice, model = self.driver.dice, self.driver.model
            agent, late = dice.choice((None, *TERMS, *TERMS)), dice.random() < 0.2
            at = known.answers[0] - 1 if late else max(known.answers[0] + 1, self.driver.now)
            if not late:
                known.answers = (at, agent)
            model.answering = known.id
            moment = datetime.fromtimestamp(at / 1000, UTC)
            over = dice.random() < 0.5
            await self.driver.ask(lambda queues: queues.claim(known.id, agent, moment, takes_over=over))
            model.answering = ""
            live = known.channel in LIVE_CHANNELS and not late
            wrong(agent and live and known.state in OPEN - HELD, "answered and not taken", known)

    async def leave(self) -> None:
        if known := self._some():
            await self.driver.ask(lambda queues: queues.cancel(known.id, "hangup", 3.5))
            now = self.driver.model.contacts[known.id]
            now.gone = now.gone or now.state in {*HELD, ContactState.WRAPPING}
            if now.state == ContactState.CONNECTING:
                now.state = ContactState.ASSIGNED

    async def case_ends(self) -> None:
        if known := self._some():
            if known.state in OPEN:
                known.done["complete"] = known.epoch
            agent = self.driver.dice.choice((None, self._agent()))
            await self.driver.ask(lambda queues: queues.end_cases([EndedCase(known.id, agent, None)]))

    async def purge(self) -> None:
        if known := self._some():
            await self.driver.ask(lambda queues: queues.purge(known.id))
            known.done.clear()

    async def rearrange(self) -> None:
        if known := self._some():
            command, dice = f"ra{self.driver.commands}", self.driver.dice
            queue, priority = dice.choice((None, "annan")), dice.choice((None, *Priority))
            right = known.state in {ContactState.WAITING, ContactState.OFFERED}
            await self.driver.attempt(
                lambda q: q.rearrange(
                    known.id, queue=queue, priority=priority, by="chef", reason="x", command_id=command
                ),
                right=right,
            )

    async def release(self) -> None:
        if known := self._some():
            command = f"re{self.driver.commands}"
            right = known.agent is not None
            await self.driver.attempt(
                lambda q: q.release(known.id, by="chef", reason="x", command_id=command), right=right
            )

    # -- time and what breaks

    async def time_passes(self) -> None:
        await self.driver.pass_time(self.driver.dice.choice((0.5, 2, 5, 12, 31, 50)))
        if self.driver.dice.random() < 0.1:
            await self.driver.ask(lambda queues: queues.expire(3))
        else:
            await self.driver.sweep()

    async def relayed(self) -> None:
        await self.driver.relayed()

    async def browser_dies(self) -> None:
        agent = self._agent()
        self.offers[agent].clear()
        self.held[agent].clear()

    async def process_dies(self) -> None:
        await self.driver.another_process()

    async def end_everything(self) -> None:
        """Every case is closed and every after-work over; then nobody has anything."""
        await self.driver.sweep()
        for known in list(self.driver.model.contacts.values()):
            await self.driver.ask(partial(_end_case, known.id))
        await self.driver.pass_time(1000)
        await self.driver.sweep()
        await self.driver.compare()
        wrong(self.driver.model.open, "still open", self.driver.model.open)
        wrong(
            any(agent.used for agent in self.driver.model.agents.values()), "capacity leaked", self.driver.model.agents
        )


async def _end_case(contact_id: str, queues: Queues) -> None:
    await queues.end_cases([EndedCase(contact_id, None, None)])
