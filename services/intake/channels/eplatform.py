"""An e-service platform of the kind Open ePlatform over HTTP: asked for submissions, told what became of them.

Every request has an end of its own, whatever the platform does with the connection; every answer has a size above
which it is given up; a redirect is an error, for the login must never reach another address.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

import httpx

from services.intake.channels.eplatform_soap import confirm_delivery, refusal, set_status
from services.intake.channels.eplatform_xml import NotUnderstoodError, instance, listing
from services.intake.domain.instance import Instance, Listed, Refusal, Told
from shared.errors import PermanentError, TransientError

MOST_OF_A_LISTING = 30_000_000
MOST_OF_AN_ANSWER = 1_000_000
LONGEST_WAIT = 3_600.0
THERE_SECONDS = 300.0
"""How long a platform that lists nothing is believed to be where we ask."""
REFUSED_SECONDS = 300.0
"""A login that is refused everywhere is tried no more often: accounts are locked for less."""


@dataclass(frozen=True, slots=True)
class Family:
    """A form family: which of its instances are read, as which form, and by which status each change is told."""

    id: str
    form: str
    since: date
    """What was last submitted before this day is not ours."""
    statuses: tuple[str, ...] = ()
    """Only instances of these statuses are listed; all of them when there are none."""
    overlap_days: int = 2
    look_back_days: int = 90
    answers: Mapping[Told, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: where it is, who asks it, and for what."""

    name: str
    url: str
    user: str
    password: str = field(default="", repr=False)
    families: tuple[Family, ...] = ()
    system: str = "Kontaktcenter"
    """What the platform calls us beside the id of ours that it keeps."""
    poll_seconds: float = 60.0
    timeout: float = 20.0
    deadline: float = 120.0
    """The longest that one request may take in all."""
    page: int = 200
    """Instances of a family that are fetched in one round."""
    most_bytes: int = 60_000_000
    """Of one instance, or one file."""
    ca_file: str = ""
    proxy: str = ""
    """The proxy that leads out of our network; the environment's are not asked, for the login goes through it."""

    @property
    def part(self) -> str:
        """What it is called at `/health/ready`, in metrics and logs."""
        return f"eplatform:{self.name}"

    def family(self, family_id: str) -> Family | None:
        """Return a family that is read."""
        return next((one for one in self.families if one.id == family_id), None)


class UnreachableError(TransientError):
    """The platform does not answer, or says that it cannot now; `wait` is how long it asks for."""

    def __init__(self, text: str, wait: float = 0.0) -> None:
        super().__init__(text)
        self.wait = wait


class LockedOutError(UnreachableError):
    """The platform does not know our login (401): asking on could lock the account."""

    def __init__(self, text: str) -> None:
        super().__init__(text, REFUSED_SECONDS)


class LoginRefusedError(PermanentError):
    """The platform knows our login and refuses it (403): for all, or for one family."""


class GoneError(PermanentError):
    """There is no such thing at the platform (404)."""


class TooLargeError(PermanentError):
    """The answer is larger than is read."""


class AnswerError(PermanentError):
    """The platform answers what we do not expect."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What the platform answered, and the charset that it named."""

    data: bytes
    charset: str | None = None
    content_type: str = "application/octet-stream"


class EPlatform:
    """The client of one platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._http: httpx.AsyncClient | None = None
        self._there_until = 0.0

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            own = self.platform
            self._http = httpx.AsyncClient(
                auth=httpx.BasicAuth(own.user, own.password),
                headers={"accept-encoding": "identity"},
                timeout=httpx.Timeout(own.timeout, connect=min(own.timeout, 10.0)),
                limits=httpx.Limits(max_connections=4),
                follow_redirects=False,
                trust_env=False,
                proxy=own.proxy or None,
                verify=ssl.create_default_context(cafile=own.ca_file or None),
            )
        return self._http

    async def listed(self, family: Family, since: date, until: date) -> list[Listed]:
        """Return the instances of a family that the platform counts to those days, the oldest first."""
        found: dict[str, Listed] = {}
        days = {"fromDate": since.isoformat(), "toDate": until.isoformat()}
        for status in family.statuses or ("",):
            path = f"/api/instanceapi/getinstances/family/{_quoted(family.id)}"
            with suppress(GoneError):  # so it says that there are none
                raw = await self._get(f"{path}/{_quoted(status)}" if status else path, MOST_OF_A_LISTING, days)
                found |= {one.id: one for one in listing(raw.data, raw.charset)}
        if not found:
            await self._is_there()
        return sorted(found.values(), key=lambda one: int(one.id))

    async def fetch(self, instance_id: str) -> Raw:
        """Return an instance as the platform writes it."""
        path = f"/api/instanceapi/getinstance/{_quoted(instance_id)}/xml"
        raw = await self._get(path, self.platform.most_bytes)
        if raw.content_type == "text/html":
            raise UnreachableError("answered a web page")
        return raw

    async def file(self, instance_id: str, query: str, file_id: str, most: int) -> Raw:
        """Return a file of an instance."""
        where = "/".join(map(_quoted, (instance_id, query, file_id)))
        return await self._get(f"/api/fileuploadqueryapi/getfile/{where}", min(most, self.platform.most_bytes))

    async def confirm(self, instance_id: str, external_id: str, *, delivered: bool, said: str) -> Refusal | None:
        """Say whether an instance has reached us and by which id; return why it is refused. Again changes nothing."""
        system = self.platform.system
        body = confirm_delivery(instance_id, external_id, system, delivered=delivered, log_message=said)
        return await self._tell("confirmDelivery", body)

    async def set_status(self, instance_id: str, alias: str) -> Refusal | None:
        """Give an instance another status; return why it is refused. Again changes nothing."""
        return await self._tell("setStatus", set_status(instance_id, alias))

    async def _is_there(self) -> None:
        """Tell an empty listing from a wrong address, where everything is 404: UnreachableError."""
        now = asyncio.get_running_loop().time()
        if now < self._there_until:
            return
        for path in ("/", "/api/callback"):
            if await self._status(path) not in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
                self._there_until = now + THERE_SECONDS
                return
        raise UnreachableError("answers 404 whatever is asked for: is its `url` right?")

    async def _status(self, path: str) -> int:
        try:
            async with asyncio.timeout(self.platform.deadline):
                request = self._client().build_request("GET", f"{self.platform.url}{path}")
                answer = await self._client().send(request, stream=True)
                await answer.aclose()
                return answer.status_code
        except httpx.HTTPError as error:
            raise UnreachableError(f"does not answer: {type(error).__name__}") from error
        except TimeoutError as error:
            raise UnreachableError(f"no answer in {self.platform.deadline:g} s") from error

    async def _get(self, path: str, most: int, query: Mapping[str, str] | None = None) -> Raw:
        request = self._client().build_request("GET", f"{self.platform.url}{path}", params=query)
        status, raw = await self._ask(request, most)
        if status != httpx.codes.OK:
            raise AnswerError(f"answered {status}")
        return raw

    async def _tell(self, operation: str, body: bytes) -> Refusal | None:
        headers = {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}
        request = self._client().build_request(
            "POST", f"{self.platform.url}/api/callback", content=body, headers=headers
        )
        try:
            status, raw = await self._ask(request, MOST_OF_AN_ANSWER, fault=httpx.codes.INTERNAL_SERVER_ERROR)
        except LoginRefusedError:
            return Refusal.ACCESS_DENIED
        except GoneError as error:
            raise AnswerError("there is no /api/callback") from error
        try:
            why = refusal(raw.data, raw.charset, operation)
        except NotUnderstoodError:
            if status == httpx.codes.INTERNAL_SERVER_ERROR:
                raise UnreachableError("answered 500 without a fault") from None
            raise
        if why is Refusal.OTHER:
            raise UnreachableError("answered with a fault of its own")
        return why

    async def _ask(self, request: httpx.Request, most: int, fault: int = 0) -> tuple[int, Raw]:
        """Send, and return status and body; a status of `fault` has a body that is read too."""
        try:
            async with asyncio.timeout(self.platform.deadline):
                answer = await self._client().send(request, stream=True)
                try:
                    if answer.status_code != fault:
                        _check(answer)
                    return answer.status_code, Raw(await _body(answer, most), answer.charset_encoding, _type(answer))
                finally:
                    await answer.aclose()
        except httpx.HTTPError as error:
            raise UnreachableError(f"does not answer: {type(error).__name__}") from error
        except TimeoutError as error:
            raise UnreachableError(f"no whole answer in {self.platform.deadline:g} s") from error


def understood(raw: Raw) -> Instance:
    """Return the instance that the platform wrote."""
    return instance(raw.data, raw.charset)


def _check(answer: httpx.Response) -> None:
    code = answer.status_code
    if code == httpx.codes.UNAUTHORIZED:
        raise LockedOutError(f"login refused ({code})")
    if code == httpx.codes.FORBIDDEN:
        raise LoginRefusedError(f"login refused ({code})")
    if code in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        raise GoneError(f"is not there ({code})")
    if code in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT} or answer.is_server_error:
        raise UnreachableError(f"answered {code}", _retry_after(answer))
    if answer.is_redirect:  # to a page that asks for patience or a login, mostly: a bad moment
        raise UnreachableError(f"answered {code}, which is not followed")
    if not answer.is_success:
        raise AnswerError(f"answered {code}")


def _retry_after(answer: httpx.Response) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said), LONGEST_WAIT) if said.isascii() and said.isdigit() else 0.0


async def _body(answer: httpx.Response, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes(65_536):
        size += len(part)
        if size > most:
            raise TooLargeError(f"more than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def _type(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip()[:200] or "application/octet-stream"


def _quoted(part: str) -> str:
    """Return a part of a path that can be nothing but one part."""
    return "".join(f"%{byte:02X}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in part.encode())
