"""One call as 46elks plays it: the caller's ear and fingers, the phones that are rung, and what our doors are told."""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from tests.support.elks_grammar import Action, ViolationError, check_action, is_url, may_transfer, verb_of
from tests.support.elks_peer import moment
from tests.support.wait import eventually

PATIENCE = 90.0
"""Seconds that a test waits: a machine that is busy with other tests is slow, not wrong."""
Target = str | Mapping[str, Any] | None
"""An address of ours that is asked, an action that is taken, or nothing: the call ends."""


@dataclass(slots=True)
class Phone:
    """A phone that is connected to: how it takes a call, and after how many seconds of ringing."""

    takes: str = "success"
    """`success`, `busy` or `failed` (nobody answers)."""
    rings: float = 0.0
    rung: list[str] = field(default_factory=list)
    """The calls that have rung it."""
    down: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by who puts the receiver down; each new call takes it up again."""


@dataclass(slots=True)
class Step:
    """An action that was played, and how it ended (empty while it runs)."""

    action: Action
    result: str = ""
    at: float = field(default_factory=time.monotonic)

    @property
    def verb(self) -> str:
        return verb_of(self.action)


@dataclass(slots=True)
class Told:
    """A webhook that was posted: where, what, and each answer's status (0: no answer, -1: the answer was lost)."""

    url: str
    form: dict[str, str]
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Switch(Protocol):
    """What a call needs of the provider around it."""

    http: httpx.AsyncClient
    speed: float
    tries: int
    pause: float
    spelling: str
    owned: frozenset[str]

    def phone(self, number: str) -> Phone: ...
    async def seconds_of(self, sound: str) -> float | None: ...
    def note(self, fault: ViolationError) -> None: ...


@dataclass(slots=True)
class ElksCall:
    """One call; `lose` answers of each webhook get lost, so that it is posted again though it was taken."""

    switch: Switch
    id: str
    caller: str
    dialled: str
    direction: str = "incoming"
    lose: int = 0
    steps: list[Step] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    created: str = field(default_factory=moment)
    state: str = "ongoing"
    when_hang_up: str = ""
    legs: list[dict[str, Any]] = field(default_factory=list)
    start: str = ""
    """When somebody or something of ours answered."""
    outcome: str = ""
    """How a phone that we ordered took the call."""
    _flying: set[asyncio.Task[httpx.Response]] = field(default_factory=set)
    _began: float = 0.0
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _digits: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _task: asyncio.Task[None] | None = None

    def begin(self, first: Target) -> None:
        self._task = asyncio.create_task(self._live(first))

    def hang_up(self) -> None:
        """Put the caller's receiver down, whatever is going on."""
        self._gone.set()

    async def press(self, digits: str) -> None:
        """Press keys, one after the other."""
        for digit in digits:
            await self._digits.put(digit)

    async def hears(
        self, wanted: str | Callable[[Action], bool], *, after: int = 0, within: float = PATIENCE
    ) -> Action:
        """Wait until an action is played (a verb, or one that `wanted` says) among the steps from `after` on."""
        fits = wanted if callable(wanted) else (lambda action: wanted in action)

        def found() -> Action | None:
            self._unless_broken()
            return next((step.action for step in self.steps[after:] if fits(step.action)), None)

        action = await eventually(found, timeout=within)
        assert action is not None
        return action

    async def over(self, within: float = PATIENCE) -> None:
        """Wait until the call has ended and our doors have been told."""
        assert self._task
        await asyncio.wait_for(asyncio.shield(self._task), within)

    async def stop(self) -> None:
        """End the call without a word, as when the provider itself is stopped."""
        if self._task and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for sending in list(self._flying):
            sending.cancel()

    async def report(self) -> None:
        """Post the hang-up; a second time when it is called again."""
        if self.when_hang_up:
            await self._post(self.when_hang_up, self.hang_up_form())

    def hang_up_form(self) -> dict[str, str]:
        """`id` and not `callid`; the lists are JSON in strings, and there only when somebody answered."""
        form = {"id": self.id, "direction": self.direction, "created": self.created}
        form |= {"from": self.caller, "to": self.dialled, "state": self.state}
        if self.start:
            form |= {"start": self.start, "duration": str(self._lasted()), "cost": str(3500 * self._lasted())}
            form |= {"actions": json.dumps(self._actions()), "legs": json.dumps(self.legs)}
        return form

    def record(self) -> dict[str, Any]:
        """Return the call as the history shows it: the same, with lists as lists and numbers as numbers."""
        told: dict[str, Any] = {"id": self.id, "direction": self.direction, "created": self.created}
        told |= {"from": self.caller, "to": self.dialled, "state": self.state}
        if self.start:
            told |= {"start": self.start, "actions": self._actions(), "legs": self.legs}
            if self.state != "ongoing":
                told |= {"duration": self._lasted(), "cost": 3500 * self._lasted()}
        return told

    def _actions(self) -> list[dict[str, Any]]:
        return [{step.verb: step.action[step.verb], "result": step.result} for step in self.steps]

    def _lasted(self) -> int:
        return math.ceil(time.monotonic() - self._began) if self._began else 0

    def _unless_broken(self) -> None:
        if self._task and self._task.done() and not self._task.cancelled() and (fault := self._task.exception()):
            raise fault

    async def _live(self, first: Target) -> None:
        heard = asyncio.create_task(self._play(first))
        gone = asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({heard, gone}, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                heard.result()
            heard.cancel()
            await asyncio.gather(heard, return_exceptions=True)
            self._end()
            await self.report()
        except ViolationError as fault:
            self.switch.note(fault)
            raise
        finally:
            gone.cancel()
            heard.cancel()
            await asyncio.gather(heard, gone, return_exceptions=True)

    def _end(self) -> None:
        last = self.steps[-1].result if self.steps else self.outcome
        self.state = "success" if self.start else (last or "failed")

    async def _play(self, first: Target) -> None:
        action = await self._get(first, {})
        while action is not None:
            self.when_hang_up = str(action.get("whenhangup", self.when_hang_up))
            step = Step(action)
            self.steps.append(step)
            match step.verb:
                case "hangup":
                    step.result = "success"
                    return
                case "connect":
                    target, result = await self._connect(step)
                case "ivr":
                    target, result = await self._ask_keys(step)
                case _:
                    target, result = await self._sound(step)
            action = await self._get(target, result)

    def _answer(self) -> None:
        if not self.start:
            self.start, self._began = moment(datetime.now(UTC)), time.monotonic()

    async def _sound(self, step: Step) -> tuple[Target, dict[str, str]]:
        seconds = await self.switch.seconds_of(step.action[step.verb]) if step.verb == "play" else 1.0
        self._answer()
        if seconds is not None:
            await self._lasting(seconds, skippable=step.action.get("skippable", True))
        step.result = "failed" if seconds is None else "success"
        return step.action.get("next"), {"result": step.result}

    async def _lasting(self, seconds: float, *, skippable: bool) -> str:
        """Let a sound play; return the key that was pressed, if one may be."""
        ends = time.monotonic() + seconds / self.switch.speed
        while (left := ends - time.monotonic()) > 0:
            try:
                digit = await asyncio.wait_for(self._digits.get(), left)
            except TimeoutError:
                break
            if skippable:
                return digit
        return ""

    async def _ask_keys(self, step: Step) -> tuple[Target, dict[str, str]]:
        action = step.action
        wanted, waits = action.get("digits", 1), action.get("timeout", 10)
        seconds = await self.switch.seconds_of(action["ivr"])
        self._answer()
        entered = ""
        for _ in range(max(1, action.get("repeat", 3))):
            entered = await self._lasting(seconds or 0.0, skippable=True)
            while len(entered) < wanted and not entered.endswith("#"):
                digit = await self._lasting(waits, skippable=True)
                if not digit:
                    break
                entered += digit
            if entered.endswith("#") or len(entered) >= wanted:
                break
            entered = ""
        entered = entered.rstrip("#")
        step.result = entered or "failed"
        told = {"result": step.result} | ({} if entered else {"why": "noinput"})
        return action.get(entered, action.get("next")) if len(entered) == 1 else action.get("next"), told

    async def _connect(self, step: Step) -> tuple[Target, dict[str, str]]:
        action, owned = step.action, self.switch.owned
        shown = action.get("callerid", self.caller)
        if owned and shown not in owned | {self.caller}:
            raise ViolationError(f"callerid {shown} is neither ours nor the caller's")
        results = [await self._ring(number, shown) for number in action["connect"].split(",")]
        step.result = next((each for each in ("success", "busy") if each in results), "failed")
        return action.get(step.result, action.get("next")), {"result": step.result}

    async def _ring(self, number: str, shown: str) -> str:
        phone = self.switch.phone(number)
        phone.down.clear()
        phone.rung.append(self.id)
        leg = {"duration": 0, "to": number, "state": "failed", "from": shown}
        self.legs.append(leg)
        await asyncio.sleep(phone.rings / self.switch.speed)
        leg["state"] = phone.takes if may_transfer(self.dialled, number) else "failed"
        if leg["state"] != "success":
            return str(leg["state"])
        self._answer()
        self.steps[-1].result = "success"
        began = time.monotonic()
        try:
            await phone.down.wait()
        finally:
            leg["duration"] = math.ceil(time.monotonic() - began)
        return "success"

    async def _get(self, target: Target, result: dict[str, str]) -> Action | None:
        if target is None:
            return None
        if isinstance(target, Mapping):
            return check_action(target)
        if not is_url(target):
            return check_action(json.loads(target))
        answer = await self._post(target, self._turn_form(result))
        if answer is None or not answer.content:
            return None
        if "json" not in answer.headers.get("content-type", ""):
            raise ViolationError(f"{target} answered {answer.headers.get('content-type')}")
        return check_action(answer.json())

    def _turn_form(self, result: dict[str, str]) -> dict[str, str]:
        form = {"direction": self.direction, self.switch.spelling: self.id, "from": self.caller, "to": self.dialled}
        return form | (result or {"created": self.created})

    async def _post(self, url: str, form: dict[str, str]) -> httpx.Response | None:
        """Post until it is taken with 200-204, and as often again as answers get lost; None when it never was."""
        told = Told(url, form)
        self.told.append(told)
        lost = self.lose
        for number in range(self.switch.tries + lost):
            if number:
                await asyncio.sleep(self.switch.pause)
            began = time.perf_counter()
            try:
                answer = await self._send(url, form)
            except httpx.TransportError:
                told.statuses.append(0)
                continue
            told.seconds.append(time.perf_counter() - began)
            if 200 <= answer.status_code <= 204 and lost:
                lost -= 1
                told.statuses.append(-1)
                continue
            told.statuses.append(answer.status_code)
            if 200 <= answer.status_code <= 204:
                return answer
        return None

    async def _send(self, url: str, form: dict[str, str]) -> httpx.Response:
        """Post once; who hangs up meanwhile does not take the question back."""
        sending = asyncio.create_task(self.switch.http.post(url, data=form))
        self._flying.add(sending)
        sending.add_done_callback(self._flying.discard)
        return await asyncio.shield(sending)
