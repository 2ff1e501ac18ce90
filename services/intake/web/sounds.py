"""The hold sound: five quiet seconds made by arithmetic, so that no recording is needed to begin with."""

import io
import math
import struct
import wave
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.intake.domain.recording import Format
from shared.web.access import open_to_all

RATE = 8000
SECONDS = 5
CHORD = (262.0, 330.0, 392.0)
"""C, E and G, one after the other."""


@lru_cache(maxsize=1)
def hold_sound() -> bytes:
    """Return a WAV of five seconds: three soft tones that fade, then silence."""
    samples = [_sample(number / RATE) for number in range(RATE * SECONDS)]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


def _sample(at: float) -> int:
    level = 0.0
    for number, tone in enumerate(CHORD):
        since = at - 0.6 * number
        if 0 <= since < 2.5:
            level += math.sin(2 * math.pi * tone * since) * math.exp(-2 * since) * min(1.0, since * 50)
    return int(5000 * level)


router = APIRouter(tags=["telephony"])
Version = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("/sounds/hold-1.wav", dependencies=[open_to_all("telephony fetches it")], include_in_schema=False)
async def hold() -> Response:
    """Answer with the hold sound; telephony keeps it by its address."""
    return Response(hold_sound(), media_type="audio/wav", headers={"cache-control": "public, max-age=86400"})


@router.get("/sounds/{version}.{ending}", dependencies=[open_to_all("telephony fetches it")], include_in_schema=False)
async def recording(request: Request, version: Version, ending: Format) -> Response:
    """Answer with an uploaded recording; another recording has another address, so it may be kept for ever."""
    data = await request.app.state.recordings.read(version)
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(data, media_type=ending.content_type, headers=kept)
