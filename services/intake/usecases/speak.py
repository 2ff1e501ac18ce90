"""What a turn is made of: the entrance's recordings, the words for telephony that reads aloud, and the keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.intake.domain.call import Heard, Turn, Words
from services.intake.domain.dialogue import Scene, keys_of
from services.intake.domain.recording import Kind, Shelf, find, kind_of
from services.intake.domain.spoken import choice, disturbance, words
from shared.records import EntranceRecord

SAID = (
    Turn.CLOSED,
    Turn.LANGUAGE,
    Turn.FAULT,
    Turn.DISTURBANCE,
    Turn.MESSAGE,
    Turn.PLACE,
    Turn.OFFER,
    Turn.PROMISED,
)
"""Turns in which something is said; the others are hold sound, a ringing phone, or nothing."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Finds what is heard in a turn; `base` is our address from outside."""

    shelf: Callable[[], Shelf]
    base: str

    def sayable(
        self,
        entrance: EntranceRecord,
        language: str,
        *,
        reads_aloud: bool,
        texts: Sequence[str],
        place: int | None = None,
    ) -> frozenset[Turn]:
        """Return the turns that can be heard at all: there is a recording, of this very place, or it is read aloud."""
        return frozenset(
            turn
            for turn in SAID
            if self._recording(entrance, turn, language, place=place or 1)
            or (reads_aloud and self._words(entrance, turn, language, texts, None))
        )

    def heard(self, turn: Turn, entrance: EntranceRecord, scene: Scene, texts: Sequence[str]) -> Heard:
        """Return the turn with everything that telephony needs to know of it, but the number and the step."""
        language = scene.call.language
        recording = self._recording(entrance, turn, language, scene.place)
        said = self._words(entrance, turn, language, texts, scene) if turn in SAID else ()
        return Heard(
            turn,
            recordings=(recording,) if recording else (),
            words=said,
            keys=keys_of(turn, scene),
            caller=scene.call.caller,
        )

    def _recording(self, entrance: EntranceRecord, turn: Turn, language: str, place: int | None) -> str:
        kind = kind_of(turn, place)
        found = find(self.shelf(), entrance.id, kind, language) if kind else None
        if found:
            return f"{self.base}/sounds/{found.file}"
        return entrance.queue_message_url if kind is Kind.MESSAGE else ""

    @staticmethod
    def _words(
        entrance: EntranceRecord, turn: Turn, language: str, texts: Sequence[str], scene: Scene | None
    ) -> tuple[Words, ...]:
        match turn:
            case Turn.LANGUAGE:
                return choice(entrance.languages)
            case Turn.DISTURBANCE:
                return disturbance(texts)
            case _:
                return words(turn, language, place=scene.place if scene else None, jour=bool(entrance.jour))
