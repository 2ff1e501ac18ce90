"""What the others are told of a call."""

from services.intake.domain.call import Call
from shared.events import ContactReceived, Sender
from shared.ids import natural_event_id
from shared.person import person_key
from shared.publish import Message, message
from shared.vocabulary import Channel


def contact_of(call: Call, unit: str, flags: tuple[str, ...], person_secret: bytes) -> Message:
    """Return the event of a call: the same one however often it is told."""
    event = ContactReceived(
        contact_id=call.contact_id,
        channel=Channel.PHONE,
        entrance=call.entrance,
        unit=unit,
        language=call.language,
        received_at=call.received_at,
        sender=Sender(phone=call.caller),
        person_key=person_key(person_secret, call.received_at, phone=call.caller),
        call_id=call.call_id,
        tells_connected=True,
        flags=(*flags, "withheld_number") if call.caller is None else flags,
    )
    return message(event, event_id=natural_event_id(event.event_type, event.contact_id))
