"""Why a contact waits: the one thing that would have to change first, as a code that pages put into words."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.router.domain.closing import FAR, is_closing
from services.router.domain.contact import COST, LIVE
from services.router.domain.skills import WISH, Requirement, can_take, parse_profile, parse_signature
from shared.vocabulary import WorkKind

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready agent: her room in units for mail and (`live_room`) for calls and visits, and if an offer is open."""

    id: str
    room: int
    live_room: int
    profile: str
    busy: bool

    def can_take(self, requirement: Requirement) -> bool:
        """Return whether she has the skills and the channel, room or not."""
        return bool(self.profile) and can_take(parse_profile(self.profile), requirement)

    def has_room(self, requirement: Requirement) -> bool:
        """Return whether she could be offered it at once."""
        room = self.live_room if requirement.channel in LIVE else self.room
        return not self.busy and room >= COST[requirement.channel]


def reason(contact: Fields, ready: list[Ready], cooling: set[str], now: float, *, mail_waits: bool = False) -> str:
    """Return the code; `now` in ms, `cooling` are the agents who are not asked again yet."""
    requirement = parse_signature(contact["sig"])
    if (kept := _kept(contact, now)) is not None:
        return kept
    if mail_waits and requirement.channel not in LIVE:
        return "peak:mail_waits"
    if not ready:
        return "no_agent_ready"
    able = [agent for agent in ready if agent.can_take(requirement)]
    if not able:
        ring = _ring(contact, now)
        return ring or f"no_ready_agent_can_take:{_wanted(requirement)}"
    roomy = [agent for agent in able if agent.has_room(requirement)]
    if not roomy:
        return "all_able_agents_busy"
    return "declined_recently" if all(agent.id in cooling for agent in roomy) else "until_an_agent_pulls"


def _kept(contact: Fields, now: float) -> str | None:
    """Say whose it is if not ours, until when it is let to nobody, or to whom alone."""
    if (owner := contact.get("own")) and contact.get("kind") != WorkKind.RETURN_CALL:
        return "answered_elsewhere" if owner == "elsewhere" else "queue_of_another"
    since, hold = float(contact.get("from") or 0), float(contact.get("hold") or 0)
    if since > now:
        if moment(since) >= FAR:
            return "queue_closed"
        kind = "queue_closed" if is_closing(moment(since)) else "outside_hours"
        kind = "return_call_at" if contact.get("kind") == "return_call" else kind
        return f"{kind}:{moment(since).isoformat()}"
    if hold > now and contact.get("pref"):
        return f"kept_for_agent:{contact['pref']}:{round((hold - now) / 1000)}"
    return None


def _ring(contact: Fields, now: float) -> str | None:
    """Say that it asks for less at its next step, and in how many seconds that is."""
    steps, taken = (contact.get("steps") or "").split("\n"), int(contact.get("step") or 0)
    if taken >= len(steps) or not steps[taken]:
        return None
    due = max(float(contact["arr"]), float(contact.get("from") or 0)) + float(steps[taken].split("|", 1)[0])
    return f"ring:{taken + 1}:{max(0, round((due - now) / 1000))}"


def _wanted(requirement: Requirement) -> str:
    words = ",".join(word for word in requirement.words.split(",") if not word.startswith(WISH))
    return f"{requirement.channel},{words}" if words else requirement.channel.value


def moment(ms: float) -> datetime:
    """Return a moment from ms since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)
