"""What sipp plays: callers and phones, as scenarios in its own XML."""

_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
_ENDS = "From: <sip:[caller]@[local_ip]>;tag=[pid]c[call_number]\nTo: <sip:[service]@[remote_ip]>"
_SAME = "Call-ID: [call_id]\nMax-Forwards: 20\nContact: <sip:sipp@[local_ip]:[local_port]>"
_SPEECH = """v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
"""


def _scene(name: str, *steps: str) -> str:
    return (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="{name}">\n' + "\n".join(steps) + "\n</scenario>"
    )


def _send(text: str, *, retrans: bool = False) -> str:
    again = ' retrans="500"' if retrans else ""
    return f"<send{again}><![CDATA[\n\n{text}\n\n]]></send>"


def _request(method: str, number: int = 1, *, to: str = "", body: str = "") -> str:
    head = f"{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n{_VIA}\n{_ENDS}{to}\nCSeq: {number} {method}"
    kind = "\nContent-Type: application/sdp" if body else ""
    return f"{head}\n{_SAME}{kind}\nContent-Length: [len]\n\n{body}"


def _answer(line: str, *, tag: bool = True, body: str = "") -> str:
    to = "[last_To:];tag=[pid]p[call_number]" if tag else "[last_To:]"
    kind = "\nContent-Type: application/sdp" if body else ""
    contact = "Contact: <sip:[local_ip]:[local_port]>"
    lines = f"[last_Via:]\n[last_From:]\n{to}\n[last_Call-ID:]\n[last_CSeq:]\n{contact}{kind}\nContent-Length: [len]"
    return f"SIP/2.0 {line}\n{lines}\n\n{body}"


def _hears(response: int, *, optional: bool = False) -> str:
    more = ' optional="true"' if optional else ""
    return f'<recv response="{response}"{more}/>'


def _gets(method: str) -> str:
    return f'<recv request="{method}"/>'


_INVITE = _send(_request("INVITE", body=_SPEECH), retrans=True)
_TRYING = _hears(100, optional=True)

SCENES = {
    "caller": _scene(
        "caller",
        _INVITE,
        _TRYING,
        _hears(180, optional=True),
        _hears(200),
        _send(_request("ACK", to="[peer_tag_param]")),
        "<pause/>",
        _send(_request("BYE", 2, to="[peer_tag_param]"), retrans=True),
        _hears(200),
    ),
    "caller-leaves": _scene(
        "caller-leaves",
        _INVITE,
        _TRYING,
        _hears(180),
        "<pause/>",
        _send(_request("CANCEL").replace("[branch]", "[branch-4]"), retrans=True),
        _hears(200),
        _hears(487),
        _send(_request("ACK", to="[peer_tag_param]").replace("[branch]", "[branch-7]")),
    ),
    "caller-refused": _scene(
        "caller-refused",
        _INVITE,
        _TRYING,
        _hears(486),
        _send(_request("ACK", to="[peer_tag_param]").replace("[branch]", "[branch-3]")),
    ),
    "phone": _scene(
        "phone",
        _gets("INVITE"),
        _send(_answer("180 Ringing")),
        "<pause/>",
        _send(_answer("200 OK", body=_SPEECH), retrans=True),
        _gets("ACK"),
        _gets("BYE"),
        _send(_answer("200 OK", tag=False)),
    ),
    "phone-rings": _scene(
        "phone-rings",
        _gets("INVITE"),
        _send(_answer("180 Ringing")),
        _gets("CANCEL"),
        _send(_answer("200 OK")),
        _send(_answer("487 Request Terminated").replace("[last_CSeq:]", "CSeq: 1 INVITE"), retrans=True),
        _gets("ACK"),
    ),
    "phone-busy": _scene("phone-busy", _gets("INVITE"), _send(_answer("486 Busy Here"), retrans=True), _gets("ACK")),
}
"""By name: who acts, and how it ends."""
