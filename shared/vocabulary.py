"""The words of the field (design section 8): every service says them the same way."""

from enum import StrEnum


class Channel(StrEnum):
    """How a citizen reached us."""

    PHONE = "phone"
    EMAIL = "email"
    VISIT = "visit"
    E_SERVICE = "e_service"


LIVE_CHANNELS = frozenset({Channel.PHONE, Channel.VISIT})
"""Channels where a person waits while we work: their case opens when an agent accepts."""


class Priority(StrEnum):
    """Class of urgency, most urgent first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Presence(StrEnum):
    """What an agent is available for; only READY is offered work."""

    READY = "ready"
    BUSY = "busy"
    WRAP_UP = "wrap_up"
    AWAY = "away"
    OFFLINE = "offline"


class ContactState(StrEnum):
    """Where a contact is in the router."""

    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTING = "connecting"
    ASSIGNED = "assigned"
    WRAPPING = "wrapping"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class WorkKind(StrEnum):
    """What kind of work a contact in the router is."""

    CONTACT = "contact"
    RETURN_CALL = "return_call"
    """We call the citizen back: she has hung up and keeps her place, or a time was promised."""
    CONSULT = "consult"
    """A colleague is asked about a contact that somebody else holds."""


class WrapUpMode(StrEnum):
    """How after-work ends."""

    MANDATORY = "mandatory"
    """By its time alone."""
    TIMED = "timed"
    """By its time, or by the agent before that."""
    DISCRETIONARY = "discretionary"
    """By the agent; at the latest after 900 s."""


class TakenOver(StrEnum):
    """Whether the contact centre answers for something (a case type, an entrance) yet."""

    NOT = "ej_overtagen"
    TRIAL = "provdrift"
    TAKEN = "overtagen"


class CaseState(StrEnum):
    """Where a case is in casework."""

    OPEN = "open"
    PARKED = "parked"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


class Outcome(StrEnum):
    """The three ends of a checklist."""

    CLOSE = "close"
    HANDOVER = "handover"
    SWITCH = "switch"


class StepType(StrEnum):
    """What a step of a checklist asks of the agent."""

    ASK = "ask"
    CHECK = "check"
    INFORM = "inform"
    RECORD = "record"
    DO = "do"
    DECIDE = "decide"


class Identity(StrEnum):
    """How well the citizen must be known before anything is said."""

    NONE = "none"
    CONTACT = "contact"
    VERIFIED = "verified"


class Secrecy(StrEnum):
    """Whether a case type may touch secret matters."""

    NONE = "none"
    POSSIBLE = "possible"
    PRESUMED = "presumed"


class Resolution(StrEnum):
    """Why a case ended (reference/domain.md 2.7)."""

    SOLVED = "lost_av_kc"
    SELF_SERVICE = "hanvisad_sjalvservice"
    REFERRED = "hanvisad_annan_part"
    CONNECTED = "kopplad"
    HANDED_OVER = "overlamnad"
    COMES_BACK = "aterkommer"
    WRONG_NUMBER = "felringd"
    NO_SHOW = "uteblev"
    """A visitor who was called did not come: neither solved nor abandoned."""


STRICTLY_SOLVED = frozenset({Resolution.SOLVED})
"""Resolutions that count as first-contact resolution in the strict sense."""

WIDELY_SOLVED = STRICTLY_SOLVED | {Resolution.SELF_SERVICE}
"""Resolutions that count as first-contact resolution in the wide sense."""


class ReturnReason(StrEnum):
    """Why a hand-over is sent back."""

    WRONG_PLACE = "wrong_place"
    """*Felskickat*: it belongs to another unit."""
    WRONG_TYPE = "wrong_type"
    """It is something else than the case type says."""
    INCOMPLETE = "incomplete"
    """What is needed is missing, and the contact centre can ask for it."""
    SOLVABLE = "solvable"
    """The contact centre can answer it itself."""


class LinkKind(StrEnum):
    """How two cases belong together."""

    DUPLICATE = "duplicate"
    FOLLOW_UP = "follow_up"
    MERGED = "merged"
    SPLIT = "split"
    RELATED = "related"


class PersonRole(StrEnum):
    """What a person is to a case."""

    CITIZEN = "citizen"
    REPRESENTATIVE = "representative"
    ANONYMOUS = "anonymous"


class Cause(StrEnum):
    """Why the contact arose, asked at close."""

    NEW_QUESTION = "ny_fraga"
    NO_ANSWER = "inget_svar"
    LETTER_UNCLEAR = "forstod_inte_brevet"
    NOT_ON_WEB = "hittade_inte_pa_webben"
    E_SERVICE_TROUBLE = "e_tjansten_strulade"
    OUR_FAULT = "fel_fran_oss"


class EntranceKind(StrEnum):
    """What an entrance is addressed by."""

    NUMBER = "number"
    ADDRESS = "address"
    FORM = "form"
    DESK = "desk"


class Role(StrEnum):
    """What a person does here; a person may have several."""

    AGENT = "agent"
    OFFICER = "officer"
    OWNER = "owner"
    EDITOR = "editor"
    """Publishes the checklists that their units have approved."""
    LEAD = "lead"
    OPS = "ops"
    ADMIN = "admin"
