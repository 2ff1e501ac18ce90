"""The two answers that Open ePlatform is given over SOAP, and what it says to them.

The callback is the module IntegrationCallback of the public repository (SOAP 1.1, document/literal, empty SOAPAction).
"""

from xml.sax.saxutils import escape

from services.intake.channels.eplatform_xml import NotUnderstoodError, parse
from services.intake.domain.instance import Refusal

CALLBACK = "http://www.oeplatform.org/version/1.0/schemas/integration/callback"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_FAULTS = {
    "AccessDeniedFault": Refusal.ACCESS_DENIED,
    "FlowInstanceNotFoundFault": Refusal.INSTANCE_NOT_FOUND,
    "StatusNotFoundFault": Refusal.STATUS_NOT_FOUND,
}


def confirm_delivery(instance: str, external_id: str, system: str, *, delivered: bool, log_message: str) -> bytes:
    """Return the request that says whether an instance has reached us, and what we call it."""
    external = f"<externalID><ID>{_text(external_id)}</ID><System>{_text(system)}</System></externalID>"
    said = f"<delivered>{str(delivered).lower()}</delivered><logMessage>{_text(log_message)}</logMessage>"
    return _envelope("confirmDelivery", f"<flowInstanceID>{_text(instance)}</flowInstanceID>{external}{said}")


def set_status(instance: str, alias: str) -> bytes:
    """Return the request that gives an instance another status, by the status' name in its form."""
    status = f"<statusAlias>{_text(alias)}</statusAlias>"
    return _envelope("setStatus", f"<flowInstanceID>{_text(instance)}</flowInstanceID>{status}")


def refusal(answer: bytes, charset: str | None, operation: str) -> Refusal | None:
    """Return why the platform refuses, None when it has taken it; NotUnderstoodError when it is no answer to that."""
    root = parse(answer, charset)
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None or not len(body):
        raise NotUnderstoodError("is no SOAP answer")
    first = body[0]
    if first.tag == f"{{{CALLBACK}}}{operation}Response":
        return None
    if first.tag != f"{{{SOAP}}}Fault":
        raise NotUnderstoodError("answers something else")
    detail = first.find("detail")
    named = [_FAULTS.get(one.tag.rpartition("}")[2]) for one in detail] if detail is not None else []
    return next((one for one in named if one), None) or _by_words((first.findtext("faultstring") or "").lower())


def _by_words(said: str) -> Refusal:
    """Return what a fault without a detail means, as some installations answer."""
    if "access denied" in said or "not authorized" in said:
        return Refusal.ACCESS_DENIED
    if "not found" in said:
        return Refusal.STATUS_NOT_FOUND if said.startswith("status") else Refusal.INSTANCE_NOT_FOUND
    return Refusal.OTHER


def _envelope(operation: str, content: str) -> bytes:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Header/>'
        f'<soapenv:Body><{operation} xmlns="{CALLBACK}">{content}</{operation}></soapenv:Body></soapenv:Envelope>'
    )
    return text.encode()


def _text(value: str) -> str:
    return escape("".join(sign for sign in value if sign >= " "))
