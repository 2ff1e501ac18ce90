"""Key figures: shares with their denominators, and nothing said where nothing was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.vocabulary import Cause


@dataclass(frozen=True, slots=True)
class Sums:
    """What was measured in a period, for one group; the sums that every figure is made of."""

    contacts: int = 0
    repeats: int = 0
    known_persons: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    """Citizens who waited in vain; who left so soon that nobody could have answered is not among them."""
    abandoned_short: int = 0
    """Who left so soon: in no share."""
    answer_mean: float | None = None
    answer_p90: float | None = None
    closed: int = 0
    solved: int = 0
    solved_wide: int = 0
    handed_over: int = 0
    mails: int = 0
    mails_one_day: int = 0
    mails_two_days: int = 0
    acknowledge_mean: float | None = None
    handover_answer_mean: float | None = None
    returned: int = 0
    not_taken: int = 0
    """Of `contacts`: known at their arrival to be none of the contact centre's yet."""
    not_taken_ended: int = 0
    """Cases ended that were not taken over; in none of closed, solved, handed over and mails."""
    trial: int = 0
    """Of `contacts`: taken on trial."""
    trial_ended: int = 0
    trial_solved: int = 0
    withdrawn: int = 0
    """Cases that had counted as solved at the first contact and were not; in neither of the two."""
    allowed: int = 0
    """Of the cases ended: those whose checklist does not demand a hand-over."""
    allowed_solved: int = 0
    handling: float = 0.0
    """Seconds of work on the cases ended, whenever it was done."""
    no_shows: int = 0
    """Visitors who were called and did not come; in none of closed, solved and abandoned."""
    causes: Mapping[str, int] = field(default_factory=dict)
    """Cases ended by why the contact arose (`Cause`), of those whose agent has asked; in the order of the words."""


def share(part: int, whole: int) -> float | None:
    """Return `part` of `whole` as a number from 0 to 1, or None where there is nothing to divide by."""
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Kpis:
    """The key figures of one group; a share is 0 to 1, a time is in seconds."""

    sums: Sums
    group: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """Cases whose first contact has ended, closed or handed over: the whole of the lösningsgrad."""
        return self.sums.closed + self.sums.handed_over

    @property
    def solved(self) -> float | None:
        """First-contact resolution in the strict sense: solved by the centre itself."""
        return share(self.sums.solved, self.ended)

    @property
    def solved_wide(self) -> float | None:
        """First-contact resolution in the wide sense: referred to self-service counts too."""
        return share(self.sums.solved_wide, self.ended)

    @property
    def solved_of_allowed(self) -> float | None:
        """First-contact resolution in the strict sense against what the checklists allow.

        A case that its checklist must hand over is no failure and is left out.
        """
        return share(self.sums.allowed_solved, self.sums.allowed)

    @property
    def asked(self) -> int:
        """Cases ended whose agent has asked why the contact arose."""
        return sum(self.sums.causes.values())

    @property
    def avoidable(self) -> float | None:
        """Share of those asked that came for anything but a new question: had we done right, they need not have."""
        return share(self.asked - self.sums.causes.get(Cause.NEW_QUESTION, 0), self.asked)

    @property
    def handling_mean(self) -> float | None:
        """Seconds of work per case ended."""
        return self.sums.handling / self.ended if self.ended else None

    @property
    def service_level(self) -> float | None:
        """Share answered in time of all that were answered or gave up."""
        return share(self.sums.answered_in_time, self.sums.answered + self.sums.abandoned)

    def as_json(self) -> dict[str, object]:
        """Return the figures under their public names."""
        sums = self.sums
        return {
            "group": self.group,
            "contacts": sums.contacts,
            "answer_time": {"mean": sums.answer_mean, "p90": sums.answer_p90, "answered": sums.answered},
            "service_level": self.service_level,
            "abandoned": {
                "count": sums.abandoned,
                "share": share(sums.abandoned, sums.answered + sums.abandoned),
                "short": sums.abandoned_short,
            },
            "no_shows": sums.no_shows,
            "first_contact_resolution": {
                "strict": self.solved,
                "wide": self.solved_wide,
                "closed": sums.closed,
                "handed_over": sums.handed_over,
                "withdrawn": sums.withdrawn,
            },
            "first_contact_resolution_wide": self.solved_wide,
            "first_contact_of_allowed": self.solved_of_allowed,
            "first_contact_allowed_share": share(sums.allowed, self.ended),
            "handling": {"mean": self.handling_mean, "total": sums.handling, "cases": self.ended},
            "mail": {
                "answered": sums.mails,
                "within_1_day": share(sums.mails_one_day, sums.mails),
                "within_2_days": share(sums.mails_two_days, sums.mails),
            },
            "handover": {"acknowledge_mean": sums.acknowledge_mean, "answer_mean": sums.handover_answer_mean},
            "returned_share": share(sums.returned, sums.handed_over),
            "not_taken_over": {"contacts": sums.not_taken, "ended": sums.not_taken_ended},
            "on_trial": {
                "contacts": sums.trial,
                "ended": sums.trial_ended,
                "strict": share(sums.trial_solved, sums.trial_ended),
            },
            "cause": {"asked": self.asked, "avoidable_share": self.avoidable, "count": dict(self.sums.causes)},
            "repeat_share": share(sums.repeats, sums.known_persons),
        }
