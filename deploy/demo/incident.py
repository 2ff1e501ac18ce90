"""The incident of the demo: opened a while into the spike, linked to by every agent, answered when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from deploy.demo.day import DayPlan
from deploy.demo.messages import COLD
from deploy.demo.stack_info import StackInfo
from shared.ids import case_type_id, new_id

_NOTICED = 1 / 3
"""How much of the spike has passed before somebody opens the incident."""
_WORDS = {
    "title": "Ingen värme på Norra torget",
    "text": "Värmen är borta i husen runt Norra torget. Vi felsöker och räknar med värme igen under eftermiddagen.",
    "unit": "bostadsbolag",
    "case_types": [case_type_id(COLD)],
    "greeting": "Vi vet att värmen är borta på Norra torget.",
}
_OVER = "Nu är värmen tillbaka på Norra torget. Hör av dig igen om det är kallt hos dig i morgon."


@dataclass
class Disturbance:
    """Follows the day's clock; agents ask it to link what is about the cold."""

    stack: StackInfo
    http: httpx.AsyncClient
    plan: DayPlan
    incident: str = ""
    linked: int = 0
    troubles: list[str] = field(default_factory=list)
    _begun: bool = False

    async def follow(self, hour: float) -> None:
        """Open it a while into the spike, answer all and close it when the spike is over."""
        if not self.plan.spike_factor:
            return
        ends = self.plan.spike_from + self.plan.spike_hours
        if not self._begun and self.plan.spike_from + _NOTICED * self.plan.spike_hours <= hour < ends:
            self._begun = True
            made = await self._post("", _WORDS, {"Idempotency-Key": new_id()})
            self.incident = made["incident"]["id"] if made else ""
        elif hour >= ends:
            await self.end(_OVER)

    async def link(self, number: str, case_type: str | None) -> None:
        """Link a case that is about the cold, while the incident is open."""
        if self.incident and case_type in _WORDS["case_types"] and await self._post("/link", {"number": number}):
            self.linked += 1

    async def end(self, answer: str | None = None) -> None:
        """Close it, with an answer to all or without; nothing when it is not open."""
        incident, self.incident = self.incident, ""
        if incident:
            await self._post("/close", {"text": answer, "close_cases": False}, incident=incident)

    async def _post(
        self, end: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None, *, incident: str = ""
    ) -> dict[str, dict[str, str]] | None:
        one = incident or self.incident
        url = f"{self.stack.casework}/api/v1/incidents{f'/{one}' if one else ''}{end}"
        try:
            answer = await self.http.post(url, json=body, headers={**self.stack.machine, **(headers or {})})
            answer.raise_for_status()
        except httpx.HTTPError as error:
            self.troubles.append(f"incident{end}: {error!r}")
            return None
        found: dict[str, dict[str, str]] = answer.json()
        return found
