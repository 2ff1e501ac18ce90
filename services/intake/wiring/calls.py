"""What looks after the calls that telephony has fallen silent about."""

from services.intake.channels.elks_history import ElksHistory
from services.intake.jobs.calls import EndSilent, ReconcileCalls, WatchRinging
from services.intake.settings import Settings
from services.intake.store.call_life import CallLife
from services.intake.store.calls import Calls
from services.intake.usecases.call_life import FollowCall
from services.intake.usecases.end_call import EndCall
from services.intake.wiring.parts import Parts
from shared.background import Background
from shared.clock import utc_now
from shared.health import Health


def add_call_loops(settings: Settings, health: Health, parts: Parts, background: Background) -> None:
    """Add the loops: phones that ring no more, calls that are silent, and (with an API login) what 46elks knows."""
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
    if settings.elks_url:
        key = settings.elks_password.get_secret_value()
        history = ElksHistory(settings.elks_url, settings.elks_user, key)
        calls = ReconcileCalls(life, history, ending, utc_now, settings.calls_check_seconds)
        background.add("calls", calls.run)
        health.add("46elks", calls.check, blocks=False)
