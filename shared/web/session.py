"""Login sessions: an opaque cookie, its hash as a key in Redis, an idle and an absolute end."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response
from redis.asyncio import Redis

from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.access import MACHINE, Person
from shared.web.csrf import check_token
from shared.web.errors import NotLoggedInError

COOKIE = "kc_session"
_TOUCH_EVERY = 30.0
"""Seconds between two writes of the same session's last use."""


@dataclass(frozen=True, slots=True)
class Session:
    """One login; times are seconds since 1970, `key` is where Redis has it."""

    key: str
    person: Person
    started_at: float
    used_at: float


class Sessions:
    """The sessions of all four services: lives `idle` seconds after its last use, `absolute` seconds at most."""

    def __init__(
        self, redis: Redis, *, idle: float = 3600, absolute: float = 12 * 3600, now: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._idle = idle
        self._absolute = absolute
        self._now = now

    async def start(self, person: Person) -> str:
        """Log a person in and return the cookie's value, which is stored nowhere."""
        token = secrets.token_urlsafe(32)
        key, now = _key(token), self._now()
        await self._write(Session(key, person, now, now))
        index = _index(person.id)
        await self._redis.sadd(index, key)
        await self._redis.expire(index, int(self._absolute))
        return token

    async def find(self, token: str, *, use: bool = True) -> Session | None:
        """Return the live session of a cookie; `use=False` looks without prolonging it (streams, background)."""
        return await self._find(_key(token), use=use)

    async def alive(self, session: Session) -> bool:
        """Tell whether a session that was found before still lives; does not prolong it."""
        return await self._find(session.key, use=False) is not None

    async def end(self, token: str) -> None:
        """Log out: the cookie is worth nothing any more."""
        session = await self._find(_key(token), use=False)
        if session is not None:
            await self._redis.delete(session.key)
            await self._redis.srem(_index(session.person.id), session.key)

    async def end_all(self, person_id: str) -> None:
        """End every session of a person: her rights have changed, or she has left."""
        index = _index(person_id)
        keys = await self._redis.smembers(index)
        await self._redis.delete(index, *keys)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _find(self, key: str, *, use: bool) -> Session | None:
        raw = await self._redis.get(key)
        if raw is None:
            return None
        session = _parse(key, raw)
        now = self._now()
        if now - session.started_at >= self._absolute or now - session.used_at >= self._idle:
            await self._redis.delete(key)
            return None
        if use and now - session.used_at >= min(_TOUCH_EVERY, self._idle / 4):
            session = Session(key, session.person, session.started_at, now)
            await self._write(session, only_if_there=True)
        return session

    async def _write(self, session: Session, *, only_if_there: bool = False) -> None:
        left = session.started_at + self._absolute - self._now()
        seconds = max(1, int(min(self._idle, left)) + 1)
        await self._redis.set(session.key, _dump(session), ex=seconds, xx=only_if_there)


def make_sessions(settings: ServiceSettings) -> Sessions:
    """Build the sessions of an installation; connects at the first use."""
    redis = Redis.from_url(settings.redis, socket_timeout=2, socket_connect_timeout=2)
    return Sessions(redis, idle=settings.session_idle_minutes * 60, absolute=settings.session_hours * 3600)


async def person_of(request: Request) -> Person:
    """Return who is asking, by the machine token or the session's cookie; unsafe form posts must hold the token."""
    if _is_machine(request):
        request.state.person = MACHINE
        return MACHINE
    session = await session_of(request)
    if session is None:
        raise NotLoggedInError
    await check_token(request, session.key)
    return session.person


async def session_of(request: Request) -> Session | None:
    """Return the session of the request, found once; streams and background fetches do not prolong it."""
    if hasattr(request.state, "session"):
        found: Session | None = request.state.session
        return found
    token = request.cookies.get(COOKIE)
    background = "text/event-stream" in request.headers.get("accept", "") or "x-background" in request.headers
    session = await request.app.state.sessions.find(token, use=not background) if token else None
    request.state.session = session
    if session is not None:
        request.state.person = session.person
    return session


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Hand the browser its cookie: this host only, out of reach of scripts, over TLS everywhere but on loopback."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", path="/", secure=not on_loopback(request))


def clear_cookie(request: Request, response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=not on_loopback(request))


def on_loopback(request: Request) -> bool:
    """Tell whether the browser talks to this machine itself."""
    return (request.url.hostname or "") in {"127.0.0.1", "localhost", "::1", "testserver"}


def _is_machine(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return False
    expected: str = request.app.state.settings.machine_token.get_secret_value()
    if not hmac.compare_digest(token.strip().encode(), expected.encode()):
        raise NotLoggedInError
    return True


def _key(token: str) -> str:
    return "session:" + hashlib.sha256(token.encode()).hexdigest()


def _index(person_id: str) -> str:
    return f"session:of:{person_id}"


def _dump(session: Session) -> bytes:
    person = session.person
    return orjson.dumps(
        {
            "id": person.id,
            "name": person.name,
            "roles": sorted(person.roles),
            "units": sorted(person.units),
            "email": person.email,
            "language": person.language,
            "started_at": session.started_at,
            "used_at": session.used_at,
        }
    )


def _parse(key: str, raw: bytes | str) -> Session:
    data: dict[str, Any] = orjson.loads(raw)
    person = Person(
        id=data["id"],
        name=data["name"],
        roles=frozenset(Role(role) for role in data["roles"]),
        units=frozenset(data["units"]),
        email=data["email"],
        language=data["language"],
    )
    return Session(key, person, data["started_at"], data["used_at"])
