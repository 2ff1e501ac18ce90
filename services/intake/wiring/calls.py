"""What looks after the calls that telephony has fallen silent about."""

from collections.abc import Iterator

from services.intake.channels.dialing import ElksDialer, TwilioDialer
from services.intake.channels.elks_history import ElksHistory
from services.intake.channels.twilio_history import PREFIX, TwilioHistory
from services.intake.jobs.calls import EndSilent, History, ReconcileCalls, WatchRinging
from services.intake.jobs.return_calls import Dialer, RingBack
from services.intake.settings import Settings
from services.intake.store.call_life import CallLife
from services.intake.store.calls import Calls
from services.intake.store.return_legs import ReturnLegs
from services.intake.usecases.call_life import FollowCall
from services.intake.usecases.end_call import EndCall
from services.intake.wiring.parts import Parts
from shared.background import Background
from shared.clock import utc_now
from shared.health import Health


def add_call_loops(settings: Settings, health: Health, parts: Parts, background: Background) -> None:
    """Add the loops: phones that ring no more, calls that are silent, and (with an API login) what providers know."""
    life = CallLife(parts.engine)
    watch = WatchRinging(life, FollowCall(life, utc_now), utc_now, settings.through_seconds)
    background.add("ringing", watch.run)
    ending = EndCall(
        Calls(parts.engine),
        life,
        parts.catalogue,
        utc_now,
        settings.key_for("person"),
        settings.short_abandon_seconds,
    )
    background.add("silent_calls", EndSilent(life, ending, utc_now).run)
    if dialers := dialers_of(settings):
        background.add("return_calls", RingBack(ReturnLegs(parts.engine), parts.agents, dialers, utc_now).run)
    for name, prefix, history in _histories(settings):
        calls = ReconcileCalls(life, history, ending, utc_now, settings.calls_check_seconds, name=name, prefix=prefix)
        background.add("calls" if name == "46elks" else f"calls:{name}", calls.run)
        health.add(name, calls.check, blocks=False)


def dialers_of(settings: Settings) -> dict[str, Dialer]:
    """Return what rings return calls, by how the ids of its calls begin: whose API we have a login for."""
    found: dict[str, Dialer] = {}
    if not settings.ring_return_calls:
        return found
    if settings.elks_url:
        key = settings.elks_password.get_secret_value()
        found[""] = ElksDialer(settings.elks_url, settings.elks_user, key)
    if settings.twilio_account:
        login = (settings.twilio_account, settings.twilio_user, settings.twilio_login)
        found[PREFIX.rstrip("/")] = TwilioDialer(settings.twilio_url, *login)
    return found


def _histories(settings: Settings) -> Iterator[tuple[str, str, History]]:
    """Give the providers whose API we have a login for, with how the ids of their calls begin."""
    if settings.elks_url:
        key = settings.elks_password.get_secret_value()
        yield "46elks", "", ElksHistory(settings.elks_url, settings.elks_user, key)
    if settings.twilio_account:
        login = (settings.twilio_account, settings.twilio_user, settings.twilio_login)
        yield "twilio", PREFIX, TwilioHistory(settings.twilio_url, *login)
