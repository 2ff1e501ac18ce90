"""Who can take what: an agent has every skill that the contact requires, at its level, on a channel that she works.

Skills are unit ids, or anything the rule table names, with a level from 1 to 5 (`skola=3`; no level is 1). `*` is every
skill but a language (`lang:fi`), `protected` (people with protected identity) and being signed off for a unit
(`signed:bostadsbolag`). A reserve takes only what has been opened to reserves. `?signed:bostadsbolag` is a wish: of
those who wait, one who has it is asked first, and nobody needs it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from shared.vocabulary import Channel

EVERY = "*"
LANGUAGE = "lang:"
PROTECTED = "protected"
SIGNED = "signed:"
WISH = "?"
CHANNEL = "channel:"
MAIN_LANGUAGE = "sv"
"""Everybody here speaks it: never required."""
_FOR_RESERVES = "+reserve"
_IS_RESERVE = "!reserve"

_SEPARATORS = str.maketrans(dict.fromkeys("|,#=~;", "-"))


def skill_of(word: str) -> tuple[str, int]:
    """Return name and level of `skola=3`; 1 when none is said. ValueError when the level is no number from 1 to 5."""
    name, _, level = word.partition("=")
    number = int(level) if level else 1
    if not 1 <= number <= 5:
        raise ValueError(f"not a level from 1 to 5: {word!r}")
    return name.translate(_SEPARATORS), number


def _word(name: str, level: int) -> str:
    return name if level == 1 else f"{name}={level}"


def covered(name: str) -> bool:
    """Say whether `*` covers a skill."""
    return not name.startswith((LANGUAGE, SIGNED)) and name != PROTECTED


def sign_off_word(unit: str, asks: str) -> str:
    """Return the skill that a unit's contacts ask for when they go to who is signed off for it; empty when `off`."""
    word = f"{SIGNED}{unit}".translate(_SEPARATORS)
    return {"required": word, "preferred": f"{WISH}{word}"}.get(asks, "")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one contact asks of its agent; contacts with the same one stand in one line."""

    channel: Channel
    skills: Mapping[str, int]
    reserves: bool = False

    @property
    def words(self) -> str:
        """The skills as the store writes them: `bostadsbolag=2,lang:fi`, with `+reserve` where reserves may."""
        words = [_word(name, level) for name, level in self.skills.items()]
        return ",".join(sorted([*words, _FOR_RESERVES] if self.reserves else words))

    def signature(self, number: int) -> str:
        """Return the name of the line of class `number`: `2|email|bostadsbolag,lang:fi`."""
        return f"{number}|{self.channel}|{self.words}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What one agent can take."""

    channels: frozenset[Channel]
    skills: Mapping[str, int]
    reserve: bool = False

    def narrowed(self, channels: Collection[Channel]) -> "Profile":
        """Return the profile for this time on some channels only."""
        return replace(self, channels=self.channels & frozenset(channels))

    @property
    def channel_words(self) -> str:
        """The channels as the store writes them."""
        return ",".join(sorted(self.channels))

    @property
    def skill_words(self) -> str:
        """The skills as the store writes them, with `!reserve` for one who is only called in."""
        words = [_word(name, level) for name, level in self.skills.items()]
        return ",".join(sorted([*words, _IS_RESERVE] if self.reserve else words))


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an agent works now: what she can take, how much, and how often."""

    profile: Profile
    capacity: int = 100
    rest_seconds: float = 0.0
    max_contacts: int | None = None
    window_seconds: float = 3600.0
    blend_seconds: Mapping[Channel, float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Rest, limit, window and blending as the store writes them, in ms: `0|12|3600000|email=60000`."""
        blend = ",".join(f"{channel}={round(s * 1000)}" for channel, s in sorted(self.blend_seconds.items()) if s > 0)
        window = round(self.window_seconds * 1000)
        return f"{round(self.rest_seconds * 1000)}|{self.max_contacts or 0}|{window}|{blend}"

    def narrowed(self, channels: Collection[Channel]) -> "Terms":
        """Return the terms for this time on some channels only."""
        return replace(self, profile=self.profile.narrowed(channels))


def requirement_of(
    channel: Channel, skills: Iterable[str], language: str = MAIN_LANGUAGE, *, reserves: bool = False
) -> Requirement:
    """Return what a contact requires: its skills (highest level counts), and its language when it is not Swedish."""
    required: dict[str, int] = {}
    for name, level in map(skill_of, skills):
        if name and name != EVERY and not name.startswith(CHANNEL):
            required[name] = max(level, required.get(name, 0))
    if language and language != MAIN_LANGUAGE:
        required.setdefault(f"{LANGUAGE}{language}".translate(_SEPARATORS), 1)
    required.pop(f"{LANGUAGE}{MAIN_LANGUAGE}", None)
    return Requirement(channel, required, reserves)


def profile_of(
    skills: Mapping[str, int] | Iterable[str],
    languages: Iterable[str],
    channels: Iterable[Channel],
    *,
    reserve: bool = False,
    signed_off: Iterable[str] = (),
) -> Profile:
    """Return what an agent can take, from her skills (names with levels), languages, channels and sign-offs."""
    words = [_word(*each) for each in skills.items()] if isinstance(skills, Mapping) else list(skills)
    levels = dict(map(skill_of, words))
    levels |= {f"{LANGUAGE}{language}".translate(_SEPARATORS): 5 for language in languages}
    levels |= {f"{SIGNED}{unit}".translate(_SEPARATORS): 1 for unit in signed_off}
    return Profile(frozenset(channels), levels, reserve)


def can_take(profile: Profile, requirement: Requirement) -> bool:
    """Return whether the agent has the channel and every skill at its level, and reserves may when she is one."""
    if requirement.channel not in profile.channels or (profile.reserve and not requirement.reserves):
        return False
    every = profile.skills.get(EVERY, 0)
    return all(
        max(profile.skills.get(name, 0), every if covered(name) else 0) >= level
        for name, level in requirement.skills.items()
        if not name.startswith(WISH)
    )


def parse_signature(signature: str) -> Requirement:
    """Return the requirement that a line's name was made from."""
    _, channel, words = signature.split("|", 2)
    return _parse_requirement(channel, words)


def _parse_requirement(channel: str, words: str) -> Requirement:
    listed = [word for word in words.split(",") if word]
    skills = dict(skill_of(word) for word in listed if word != _FOR_RESERVES)
    return Requirement(Channel(channel), skills, _FOR_RESERVES in listed)


def parse_profile(words: str) -> Profile:
    """Return a profile from the store's `channels#skills`."""
    channels, _, skills = words.partition("#")
    listed = [word for word in skills.split(",") if word]
    return Profile(
        frozenset(Channel(word) for word in channels.split(",") if word),
        dict(skill_of(word) for word in listed if word != _IS_RESERVE),
        _IS_RESERVE in listed,
    )
