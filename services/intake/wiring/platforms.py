"""The e-service platforms: what reads each and tells it, and what listens for what it is to be told."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

from services.intake.channels.eplatform import EPlatform, Platform
from services.intake.channels.platforms_file import read_platforms
from services.intake.jobs.platform import AnswerPlatform, PollPlatform
from services.intake.jobs.platform_round import Round
from services.intake.settings import Settings
from services.intake.store.instances import Instances
from services.intake.store.platform_answers import PlatformAnswers
from services.intake.usecases.note_cases import NoteCases
from services.intake.usecases.receive_instance import ReceiveInstance
from services.intake.usecases.tell_platform import TellPlatform
from services.intake.wiring.parts import Parts, limits_of
from shared.catalogue import Catalogue
from shared.clock import local, utc_now
from shared.errors import KontaktcenterError
from shared.health import Check, Health
from shared.vocabulary import EntranceKind


def make_platforms(settings: Settings) -> tuple[Platform, ...]:
    """Return the platforms of the file."""
    return read_platforms(settings.eplatforms) if settings.eplatforms else ()


def make_note_cases(settings: Settings, parts: Parts) -> NoteCases | None:
    """Build what listens for what becomes of cases; None where nobody is to be told."""
    return NoteCases(PlatformAnswers(parts.engine), utc_now) if settings.eplatforms else None


def make_platform_loops(
    settings: Settings, health: Health, parts: Parts
) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Yield the loops of every platform by their names."""
    for platform in make_platforms(settings):
        health.set(platform.part, "not read yet", blocks=False)
        for family in platform.families:
            check = _known(parts.catalogue, family.form)
            health.add(f"{platform.part}.entrance.{family.id}", check, blocks=False)
        yield platform.part, make_poll_platform(settings, health, parts, platform).run
        yield f"{platform.part}.answers", make_answer_platform(health, parts, platform).run


def make_poll_platform(settings: Settings, health: Health, parts: Parts, platform: Platform) -> PollPlatform:
    """Build what reads a platform."""
    client, book = EPlatform(platform), Instances(parts.engine)
    receive = ReceiveInstance(
        client,
        parts.catalogue,
        parts.originals,
        parts.publisher,
        parts.seen,
        book,
        utc_now,
        settings.key_for("person"),
        parts.safety,
        limits_of(settings),
    )
    return PollPlatform(client, Round(client, receive, book, utc_now), book, health)


def make_answer_platform(health: Health, parts: Parts, platform: Platform) -> AnswerPlatform:
    """Build what tells a platform."""
    queue = PlatformAnswers(parts.engine)
    return AnswerPlatform(TellPlatform(EPlatform(platform), queue, utc_now), queue, health)


async def tried(platforms: Sequence[Platform]) -> list[tuple[Platform, str]]:
    """Ask each platform for its families as of today; return what is wrong with each, empty if nothing is."""
    return [(one, await _tried(one)) for one in platforms]


async def _tried(platform: Platform) -> str:
    client, today = EPlatform(platform), local(utc_now()).date()
    troubles = []
    try:
        for family in platform.families:
            try:
                await client.listed(family, today, today)
            except KontaktcenterError as error:
                troubles.append(f"family {family.id}: {error}")
    finally:
        await client.close()
    return "; ".join(troubles)


def _known(catalogue: Catalogue, form: str) -> Check:
    """Say of a form whether there is an entrance of it: its submissions come in by the default otherwise."""

    async def known() -> str | None:
        return None if catalogue.entrance_for(EntranceKind.FORM, form)[1] else f"no entrance of the form {form}"

    return known
