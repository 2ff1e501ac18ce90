"""A stand-in of ours for an Open ePlatform: its REST and SOAP doors by their public field lists, on a real socket.

It is not the real thing. What the public repository shows is kept to: the header's times without a zone on a clock of
twelve hours, files inside the XML as Base64 or behind their own door, delivery confirmed once and repetitions ignored,
a status that is set already answered by 0, an instance of a closed family answered as if it were not there. The REST
modules are not public: by which day `fromDate` and `toDate` count is therefore a switch here (`days_of`).
"""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from defusedxml import ElementTree

from deploy.local.part import HOST, free_ports

INSTANCE = "http://www.oeplatform.org/version/2.0/schemas/flowinstance"
CALLBACK = "http://www.oeplatform.org/version/1.0/schemas/integration/callback"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
START = datetime(2026, 11, 25, 13, 5, 30)  # noqa: DTZ001 - the platform writes no zone

Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class File:
    name: str
    data: bytes
    inline: bool = True


@dataclass(slots=True)
class Filed:
    """One submission as the platform holds it."""

    id: int
    family: str
    values: str
    added: datetime
    submitted: datetime
    event: datetime
    status: str = "Inskickat"
    owner: tuple[str, str, str] | None = ("Anna", "Berg", "anna@example.se")
    files: dict[int, tuple[int, File]] = field(default_factory=dict)
    """By file id: the query that it answers, and the file."""
    external_id: str | None = None
    confirmations: list[tuple[bool, str]] = field(default_factory=list)
    raw: bytes | None = None
    """What is answered instead of its XML."""


@dataclass(slots=True)
class EPlatformPeer:
    """Answers for its families; `now` is its own clock."""

    user: str = "kontaktcenter"
    password: str = "hemligt"
    encoding: str = "ISO-8859-1"
    declared: bool = True
    charset: bool = True
    statuses: tuple[str, ...] = ("Inskickat", "Mottaget", "Hos handläggare", "Avslutat")
    closed: set[str] = field(default_factory=set)
    """Families that our login has no right to."""
    days_of: str = "event"
    """`event` or `added`: what `fromDate` and `toDate` count by."""
    named_faults: bool = True
    troubles: list[tuple[str, Answer | str]] = field(default_factory=list)
    """By a part of the path: an answer given instead, or `hang`, `drip`, `cut`; each once, unless `lasting`."""
    lasting: bool = False
    now: datetime = START
    filed: dict[int, Filed] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        self.port = self.port or free_ports(1)[0]
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Be away, in the middle of whatever is asked."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def file(self, number: int, values: str = "", *, family: str = "832", files: tuple[File, ...] = ()) -> Filed:
        """Have a citizen send in a form; again with the same number completes it."""
        self.now += timedelta(minutes=1)
        before = self.filed.get(number)
        filed = Filed(
            number, family, values or query("arende", "Ärende", f"Trasig lampa {number}"), self.now, self.now, self.now
        )
        if before is not None:
            filed = Filed(
                number,
                family,
                values or before.values,
                before.added,
                self.now,
                self.now,
                external_id=before.external_id,
            )
            filed.confirmations = before.confirmations
        filed.files = {700 + n: (66900, one) for n, one in enumerate(files)}
        self.filed[number] = filed
        return filed

    async def wait_told(self, enough: Callable[[list[tuple[str, dict[str, str]]]], bool], seconds: float = 30) -> None:
        """Return when what was told is enough."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: enough(self.told))

    async def wait_asked(self, part: str, times: int = 1, seconds: float = 30) -> None:
        """Return when a path with this in it was asked for so often."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: sum(part in one for one in self.asked) >= times)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._one(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, target = head[0].split(" ")[:2]
        async with self.changed:
            self.asked.append(target)
            trouble = self._trouble(target)
            answer = trouble if trouble is not None else self._answer(method, target, headers, body)
            self.changed.notify_all()
        if answer == "hang":
            await asyncio.Event().wait()
        if isinstance(answer, str):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n<Flow")
            await writer.drain()
            while answer == "drip":
                writer.write(b"I")
                await writer.drain()
                await asyncio.sleep(0.05)
            return
        code, more, sent = answer
        lines = {"Content-Length": str(len(sent)), "Connection": "close", **more}
        said = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {code} X\r\n{said}\r\n".encode() + sent)
        await writer.drain()

    def _trouble(self, target: str) -> Answer | str | None:
        for one in self.troubles:
            if one[0] in target:
                if not self.lasting:
                    self.troubles.remove(one)
                return one[1]
        return None

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        known = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            return 401, {}, b""
        parts = urlsplit(target)
        path = [unquote(part) for part in parts.path.strip("/").split("/")]
        match (method, *path):
            case ("GET", "api", "instanceapi", "getinstances", "family", family, *status):
                days = {name: values[0] for name, values in parse_qs(parts.query).items()}
                return self._listing(family, status[0] if status else "", days)
            case ("GET", "api", "instanceapi", "getinstance", number, "xml"):
                return self._instance(int(number))
            case ("GET", "api", "fileuploadqueryapi", "getfile", number, query_id, file_id):
                return self._file(int(number), int(query_id), int(file_id))
            case ("POST", "api", "callback"):
                return self._callback(body)
            case _:  # the citizens' first page, or nothing
                return (404, {}, b"") if path != [""] else (200, {"Content-Type": "text/html"}, b"<h1>Tjenare</h1>")

    def _listing(self, family: str, status: str, days: dict[str, str]) -> Answer:
        if family in self.closed:
            return 403, {}, b""
        lines = []
        for one in self.filed.values():
            day = (one.event if self.days_of == "event" else one.added).date().isoformat()
            if one.family == family and status in {"", one.status} and days["fromDate"] <= day <= days["toDate"]:
                lines.append(
                    f"<FlowInstance><flowInstanceID>{one.id}</flowInstanceID>"
                    f"<added>{one.added:%Y-%m-%d %H:%M}</added>"
                    f"<firstSubmitted>{one.added:%Y-%m-%d %H:%M}</firstSubmitted>"
                    f"<lastStatusChange>{one.event:%Y-%m-%d %H:%M}</lastStatusChange>"
                    f"<lastEventAdded>{one.event:%Y-%m-%d %H:%M:%S}</lastEventAdded><profileID>1</profileID>"
                    "<poster><user><firstname>Joe</firstname></user></poster></FlowInstance>"
                )
        return self._xml(f"<FlowInstances>{''.join(lines)}</FlowInstances>") if lines else (404, {}, b"")

    def _instance(self, number: int) -> Answer:
        one = self.filed.get(number)
        if one is None:
            return 404, {}, b""
        if one.family in self.closed:
            return 403, {}, b""
        if one.raw is not None:
            return 200, {"Content-Type": f"text/xml;charset={self.encoding}"}, one.raw
        return self._xml(flow_instance(one))

    def _file(self, number: int, query_id: int, file_id: int) -> Answer:
        one = self.filed.get(number)
        found = one.files.get(file_id) if one else None
        if found is None or found[0] != query_id:
            return 404, {}, b""
        return 200, {"Content-Type": "application/octet-stream"}, found[1].data

    def _callback(self, body: bytes) -> Answer:
        operation = ElementTree.fromstring(body)[1][0]
        name = operation.tag.removeprefix(f"{{{CALLBACK}}}")
        fields = {one.tag.removeprefix(f"{{{CALLBACK}}}"): one for one in operation}
        given = {key: (one.text or "") for key, one in fields.items()}
        if "externalID" in fields:
            given |= {one.tag.removeprefix(f"{{{CALLBACK}}}"): one.text or "" for one in fields["externalID"]}
        self.told.append((name, given))
        one = self.filed.get(int(given["flowInstanceID"]))
        if one is None or one.family in self.closed:
            return self._fault("FlowInstanceNotFound", "The requested flow instance was not found")
        if name == "confirmDelivery":
            assert list(fields) == ["flowInstanceID", "externalID", "delivered", "logMessage"]
            one.confirmations.append((given["delivered"] == "true", given["logMessage"]))
            if given["delivered"] == "true" and one.external_id is None:
                one.external_id = given["ID"]
            one.event = self.now = self.now + timedelta(minutes=1)
            return self._soap(f'<confirmDeliveryResponse xmlns="{CALLBACK}"/>')
        assert (name, list(fields)) == ("setStatus", ["flowInstanceID", "statusAlias"])
        if given["statusAlias"] not in self.statuses:
            return self._fault("StatusNotFound", "Status with ID null not found for flow X")
        changed, one.status = one.status != given["statusAlias"], given["statusAlias"]
        if changed:
            one.event = self.now = self.now + timedelta(minutes=1)
        return self._soap(
            f'<setStatusResponse xmlns="{CALLBACK}"><eventID>{int(changed)}</eventID></setStatusResponse>'
        )

    def _fault(self, name: str, text: str) -> Answer:
        detail = f'<detail><{name}Fault xmlns="{CALLBACK}"/></detail>' if self.named_faults else ""
        fault = f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{text}</faultstring>{detail}</S:Fault>"
        return self._soap(fault, 500)

    def _soap(self, content: str, code: int = 200) -> Answer:
        return self._xml(f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{content}</S:Body></S:Envelope>', code)

    def _xml(self, text: str, code: int = 200) -> Answer:
        declaration = f'<?xml version="1.0" encoding="{self.encoding}" standalone="no"?>' if self.declared else ""
        kind = f"text/xml;charset={self.encoding}" if self.charset else "text/xml"
        return code, {"Content-Type": kind}, (declaration + text).encode(self.encoding, "xmlcharrefreplace")


def query(element: str, name: str, value: str, number: int = 66895) -> str:
    """Return one answer of a form."""
    said = f"<QueryID>{number}</QueryID><Name><![CDATA[{name}]]></Name>"
    return f"<{element}>{said}<Value><![CDATA[{value}]]></Value></{element}>"


def flow_instance(one: Filed) -> str:
    """Return a submission as the platform writes it, its hours by a clock of twelve."""
    written = "%Y-%m-%dT%I:%M:%S"
    person = ""
    if one.owner is not None:
        first, last, email = map(escape, one.owner)
        names = f"<Firstname><![CDATA[{first}]]></Firstname><Lastname><![CDATA[{last}]]></Lastname>"
        person = f"<Owner>{names}<Email><![CDATA[{email}]]></Email><ID>17811</ID></Owner>"
    first, last = f"{one.added:{written}}", f"{one.submitted:{written}}"
    times = f"<FirstSubmitted>{first}</FirstSubmitted><LastSubmitted>{last}</LastSubmitted>"
    return (
        f'<FlowInstance xmlns="{INSTANCE}"><Header><Flow><FamilyID>{one.family}</FamilyID><Version>4</Version>'
        f"<FlowID>2411</FlowID><Name><![CDATA[Felanmälan]]></Name></Flow><FlowInstanceID>{one.id}</FlowInstanceID>"
        f"<Status><ID>17453</ID><Name><![CDATA[{one.status}]]></Name></Status>{person}"
        f"<Posted>{one.added:{written}}</Posted>{times}</Header><Values>{one.values}{_files(one)}</Values></FlowInstance>"
    )


def _files(one: Filed) -> str:
    if not one.files:
        return ""
    said = [
        f"<File><ID>{number}</ID><Name><![CDATA[{file.name}]]></Name><Size>{len(file.data)}</Size>"
        + (f"<EncodedData>{base64.encodebytes(file.data).decode()}</EncodedData>" if file.inline else "")
        + "</File>"
        for number, (_, file) in one.files.items()
    ]
    return f"<bilagor><QueryID>66900</QueryID><Name><![CDATA[Bilagor]]></Name>{''.join(said)}</bilagor>"
