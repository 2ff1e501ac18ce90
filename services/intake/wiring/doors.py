"""What the routes call."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.elks import Actions
from services.intake.channels.signature import Verifier
from services.intake.channels.twilio import Answers as TwilioAnswers
from services.intake.channels.twilio_signature import Signatures
from services.intake.settings import Settings
from services.intake.store.answers import Answers
from services.intake.store.call_life import CallLife
from services.intake.store.exchange import ExchangeAnswers
from services.intake.store.qmatic import QmaticVisits
from services.intake.store.rings import Rings
from services.intake.store.tables import DEAD_DECISIONS
from services.intake.store.visits import Visits
from services.intake.usecases.answer_call import AnswerCall
from services.intake.usecases.call_again import CallAgain
from services.intake.usecases.call_life import FollowCall
from services.intake.usecases.end_call import EndCall
from services.intake.usecases.follow_exchange import FollowExchange
from services.intake.usecases.follow_qmatic import FollowQmatic
from services.intake.usecases.opening import PhoneHours
from services.intake.usecases.pass_to_number import PassToNumber
from services.intake.usecases.receive_form import ReceiveForm
from services.intake.usecases.receive_sms import ReceiveSms
from services.intake.usecases.recordings import Recordings
from services.intake.usecases.register_visit import EndVisit, RegisterCall, RegisterVisit
from services.intake.usecases.speak import Speaker
from services.intake.usecases.waiting_room import WaitingRoom
from services.intake.web.reception import Reception
from services.intake.wiring.parts import Parts, limits_of
from shared.clock import utc_now
from shared.dead import DeadLetters
from shared.decisions import SqlDecisions, open_letters
from shared.publish import Publisher
from shared.web.live import Hub


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes call, by its name in `app.state`."""

    verifier: Verifier
    elks: Actions
    twilio: TwilioAnswers
    twilio_signatures: Signatures
    hub: Hub
    dead_letters: DeadLetters
    reception: Reception
    receive_form: ReceiveForm
    answer_call: AnswerCall
    follow_call: FollowCall
    end_call: EndCall
    pass_to_number: PassToNumber
    receive_sms: ReceiveSms
    recordings: Recordings
    register_visit: RegisterVisit
    register_call: RegisterCall
    end_visit: EndVisit
    call_again: CallAgain
    follow_qmatic: FollowQmatic
    waiting_room: WaitingRoom
    follow_exchange: FollowExchange


def make_doors(settings: Settings, parts: Parts) -> Doors:
    """Build what the routes call."""
    person = settings.key_for("person")
    calls, visits, answers = Rings(parts.engine), Visits(parts.engine), Answers(parts.engine)
    life, wait = CallLife(parts.engine), settings.publish_timeout
    return Doors(
        verifier=Verifier(settings.form_secrets),
        elks=Actions(
            base=settings.outside,
            token=settings.elks_token.get_secret_value(),
            hold_sound=settings.hold_sound,
            caller_id=settings.caller_id,
        ),
        twilio=TwilioAnswers(settings.hold_sound, settings.caller_id),
        twilio_signatures=_signatures(settings),
        hub=parts.hub,
        dead_letters=make_dead_letters(settings, parts.engine, parts.publisher),
        reception=Reception(parts.catalogue, visits, parts.agents, utc_now),
        receive_form=ReceiveForm(
            parts.catalogue,
            parts.originals,
            parts.circuit,
            parts.seen,
            utc_now,
            person,
            timeout=wait,
            safety=parts.safety,
            limits=replace(limits_of(settings), files=settings.form_files, file_bytes=settings.form_file_bytes),
            ids=parts.webhook_ids,
        ),
        answer_call=make_answer_call(settings, parts, calls),
        follow_call=FollowCall(life, utc_now),
        pass_to_number=PassToNumber(calls),
        end_call=EndCall(calls, life, parts.catalogue, utc_now, person, settings.short_abandon_seconds),
        receive_sms=ReceiveSms(
            parts.catalogue, parts.originals, parts.circuit, parts.seen, calls, utc_now, person, timeout=wait
        ),
        recordings=parts.recordings,
        register_visit=RegisterVisit(parts.engine, parts.catalogue, visits, answers, utc_now),
        register_call=RegisterCall(parts.engine, parts.catalogue, answers, utc_now, person),
        end_visit=EndVisit(visits, utc_now),
        call_again=CallAgain(parts.engine, visits, answers, utc_now, settings.no_show_recalls),
        follow_qmatic=make_follow_qmatic(settings, parts),
        waiting_room=WaitingRoom(parts.catalogue, visits, parts.agents, utc_now),
        follow_exchange=_exchange(settings, parts, calls, life),
    )


def _exchange(settings: Settings, parts: Parts, calls: Rings, life: CallLife) -> FollowExchange:
    return FollowExchange(
        parts.catalogue,
        parts.agents,
        calls,
        life,
        ExchangeAnswers(parts.engine),
        parts.circuit,
        utc_now,
        settings.key_for("person"),
        timeout=settings.publish_timeout,
        only_entrances=settings.cti_only_entrances,
        short_seconds=settings.short_abandon_seconds,
    )


def _signatures(settings: Settings) -> Signatures:
    tokens = (settings.twilio_token.get_secret_value(), settings.twilio_old_token.get_secret_value())
    return Signatures(tokens, {name: key.get_secret_value() for name, key in settings.twilio_keys.items()})


def make_answer_call(settings: Settings, parts: Parts, calls: Rings) -> AnswerCall:
    """Build what answers telephony."""
    return AnswerCall(
        entrances=parts.catalogue,
        incidents=parts.catalogue,
        agents=parts.agents,
        rules=parts.rules,
        calls=calls,
        log=parts.circuit,
        places=parts.places,
        promises=parts.router,
        hours=PhoneHours(parts.catalogue),
        speaker=Speaker(lambda: parts.recordings.shelf, settings.outside),
        clock=utc_now,
        person_secret=settings.key_for("person"),
        follow=FollowCall(CallLife(parts.engine), utc_now),
        timeout=settings.publish_timeout,
        place_every=settings.place_seconds,
    )


def make_follow_qmatic(settings: Settings, parts: Parts) -> FollowQmatic:
    """Build what follows the visits of Qmatic."""
    visits, followed = Visits(parts.engine), QmaticVisits(parts.engine)
    return FollowQmatic(
        parts.engine, parts.catalogue, parts.agents, visits, followed, utc_now, settings.qmatic_branches
    )


def make_dead_letters(settings: Settings, engine: AsyncEngine, publisher: Publisher) -> DeadLetters:
    """Build what the operator works with."""
    return DeadLetters(settings, "intake", publisher, SqlDecisions(engine, DEAD_DECISIONS))


def open_dead_letters(settings: Settings) -> AbstractAsyncContextManager[DeadLetters]:
    """Open the dead letters for a command."""
    return open_letters(settings, "intake", DEAD_DECISIONS)
