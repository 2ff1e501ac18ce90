"""On what terms an agent works now: her profile, the work mode that she has chosen, and what a peak makes of both."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.router.domain.skills import Terms, profile_of
from shared.errors import DomainError, NotFoundError
from shared.records import AgentProfile, PeakRecord, WorkMode
from shared.vocabulary import LIVE_CHANNELS

_HIGHEST = 5

AgentOf = Callable[[str], AgentProfile | None]
PeakNow = Callable[[], PeakRecord | None]


class UnknownAgentError(NotFoundError):
    """No such agent works here."""

    type = "unknown-agent"
    title = "Det finns ingen kommunvägledare med det id:t."


class UnknownModeError(DomainError):
    """The agent has no such work mode; those that she has are named."""

    type = "unknown-mode"
    title = "Arbetssättet {mode} finns inte. Du kan välja: {modes}."


def working_agent(agent_of: AgentOf, agent_id: str) -> AgentProfile:
    """Return the agent's profile; UnknownAgentError when there is none, or she works here no more."""
    agent = agent_of(agent_id)
    if agent is None or not agent.active:
        raise UnknownAgentError
    return agent


@dataclass(frozen=True, slots=True)
class AgentTerms:
    """Knows every agent's terms at this moment; asked anew for each pull and each heartbeat."""

    agent_of: AgentOf
    peak: PeakNow

    def of(self, agent_id: str, *, mode: str | None = None, channels: Collection[str] | None = None) -> Terms:
        """Return her terms in a work mode, for this time on some channels only; UnknownAgentError, UnknownModeError."""
        terms = in_peak(terms_of(working_agent(self.agent_of, agent_id), mode), self.peak())
        return terms if channels is None else terms.narrowed([one for one in terms.profile.channels if one in channels])


def terms_of(agent: AgentProfile, mode: str | None = None) -> Terms:
    """Return an agent's usual terms; in a work mode its channels, skills and capacity count where it states them."""
    part = _mode(agent, mode) if mode else WorkMode(name="")
    skills = agent.skills if part.skills is None else part.skills
    hers: dict[str, Any] = {"reserve": agent.reserve, "signed_off": agent.signed_off}
    profile = profile_of(_levels(skills), agent.languages, part.channels or agent.channels, **hers)
    return Terms(
        profile,
        capacity=agent.capacity if part.capacity is None else part.capacity,
        rest_seconds=agent.rest_seconds,
        max_contacts=agent.max_contacts,
        window_seconds=agent.window_seconds,
        blend_seconds=agent.blend_seconds,
    )


def in_peak(terms: Terms, peak: PeakRecord | None) -> Terms:
    """Return the terms during a peak: reserves are as everybody, and mail waits where a live contact can be taken.

    One who works on mail and e-services alone goes on with them: she could answer no caller.
    """
    if peak is None:
        return terms
    profile = replace(terms.profile, reserve=terms.profile.reserve and not peak.reserves)
    if peak.mail_waits and profile.channels & LIVE_CHANNELS:
        profile = profile.narrowed(LIVE_CHANNELS)
    return replace(terms, profile=profile)


def _mode(agent: AgentProfile, name: str) -> WorkMode:
    for mode in agent.modes:
        if mode.name == name:
            return mode
    raise UnknownModeError(mode=name, modes=", ".join(mode.name for mode in agent.modes) or "–")


def _levels(skills: Mapping[str, int]) -> dict[str, int]:
    """Return skills with levels that there are: above the highest is the highest, below 1 is none."""
    return {name: min(level, _HIGHEST) for name, level in skills.items() if level >= 1}
