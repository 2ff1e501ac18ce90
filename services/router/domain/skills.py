"""Who can take what: an agent has every skill that the contact requires, on a channel that she works.

Skills are unit ids, or anything the rule table names; `*` is every skill but a language. `lang:fi` is a language.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shared.vocabulary import Channel

EVERY = "*"
LANGUAGE = "lang:"
CHANNEL = "channel:"
MAIN_LANGUAGE = "sv"
"""Everybody here speaks it: never required."""

_SEPARATORS = str.maketrans(dict.fromkeys("|,#", "-"))


def _plain(skill: str) -> str:
    return skill.translate(_SEPARATORS)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one contact asks of its agent; contacts with the same one stand in one line."""

    channel: Channel
    skills: frozenset[str]

    def signature(self, number: int) -> str:
        """Return the name of the line of class `number`: `2|email|bostadsbolag,lang:fi`."""
        return f"{number}|{self.channel}|{','.join(sorted(self.skills))}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What one agent can take."""

    channels: frozenset[Channel]
    skills: frozenset[str]

    def narrowed(self, channels: Collection[Channel]) -> "Profile":
        """Return the profile for this time on some channels only."""
        return Profile(self.channels & frozenset(channels), self.skills)

    @property
    def channel_words(self) -> str:
        """The channels as the store writes them."""
        return ",".join(sorted(self.channels))

    @property
    def skill_words(self) -> str:
        """The skills as the store writes them."""
        return ",".join(sorted(self.skills))


def requirement_of(channel: Channel, skills: Iterable[str], language: str) -> Requirement:
    """Return what a contact requires: its skills, and its language when that is not Swedish."""
    required = {_plain(skill) for skill in skills if not skill.startswith(CHANNEL)} - {EVERY, ""}
    if language and language != MAIN_LANGUAGE:
        required.add(_plain(f"{LANGUAGE}{language}"))
    required.discard(f"{LANGUAGE}{MAIN_LANGUAGE}")
    return Requirement(channel, frozenset(required))


def profile_of(skills: Iterable[str], languages: Iterable[str], channels: Iterable[Channel]) -> Profile:
    """Return what an agent can take, from her skills, languages and channels."""
    spoken = {f"{LANGUAGE}{language}" for language in languages}
    return Profile(frozenset(channels), frozenset(_plain(skill) for skill in {*skills, *spoken}))


def can_take(profile: Profile, requirement: Requirement) -> bool:
    """Return whether the agent has the channel and every skill."""
    if requirement.channel not in profile.channels:
        return False
    missing = requirement.skills - profile.skills
    return not missing or (EVERY in profile.skills and not any(skill.startswith(LANGUAGE) for skill in missing))


def parse_signature(signature: str) -> Requirement:
    """Return the requirement that a line's name was made from."""
    _, channel, skills = signature.split("|", 2)
    return Requirement(Channel(channel), frozenset(filter(None, skills.split(","))))


def parse_profile(words: str) -> Profile:
    """Return a profile from the store's `channels#skills`."""
    channels, _, skills = words.partition("#")
    return Profile(
        frozenset(Channel(word) for word in channels.split(",") if word), frozenset(filter(None, skills.split(",")))
    )
