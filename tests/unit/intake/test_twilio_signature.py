"""Whether a webhook is Twilio's: our check beside that of Twilio's own library."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from services.intake.channels.twilio_signature import (
    FORM,
    MAX_PAIRS,
    Asked,
    Signatures,
    TwilioSignatureError,
    pairs_of,
    signed_text,
    spellings,
)

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMETERS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SHA1, SHA256 = "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="
KEY = "webhooks_sharedkey_1"
BY_KEY = f"key={KEY},algorithm=HMAC_SHA256"


class Several(dict[str, list[str]]):
    """Parameters with several values each, as the library wants them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def post(url: str = URL, body: str | bytes | None = None, content_type: str = FORM) -> Asked:
    sent = urlencode(PARAMETERS) if body is None else body
    return Asked(url, "POST", content_type, sent.encode() if isinstance(sent, str) else sent)


def passes(asked: Asked, signature: str, settings: str = "", **keys: Any) -> bool:
    try:
        Signatures(**(keys or {"tokens": (TOKEN,)})).check(asked, signature, settings)
    except TwilioSignatureError:
        return False
    return True


def why(asked: Asked, signature: str, settings: str = "", **keys: Any) -> str:
    with pytest.raises(TwilioSignatureError) as refused:
        Signatures(**(keys or {"tokens": (TOKEN,)})).check(asked, signature, settings)
    return refused.value.why


def test_the_published_example_is_signed_as_published() -> None:
    assert Signatures((TOKEN,)).check(post(), SHA1) == tuple(PARAMETERS.items())
    assert passes(post(), SHA256, BY_KEY, shared_keys={KEY: TOKEN})
    assert RequestValidator(TOKEN).compute_signature(URL, PARAMETERS) == SHA1


@pytest.mark.parametrize(
    "asked",
    [
        post(URL.replace("foo=1", "foo=2")),
        post(URL.replace("https", "http")),
        post(URL.replace("mycompany", "yourcompany")),
        post(body=urlencode(PARAMETERS | {"Digits": "1235"})),
        post(body=urlencode(PARAMETERS | {"New": ""})),
        post(body=urlencode(PARAMETERS | {"Digits": " 1234"})),
        post(body=""),
        post(content_type="text/plain"),
        Asked(URL, "GET", FORM, urlencode(PARAMETERS).encode()),
    ],
)
def test_whatever_is_changed_is_refused(asked: Asked) -> None:
    assert why(asked, SHA1) == "signature"


def test_two_tokens_are_good_while_one_is_changed_and_none_is_no_way_in() -> None:
    assert passes(post(), SHA1, tokens=("new", TOKEN))
    assert passes(post(), SHA1, tokens=(TOKEN, "old"))
    assert why(post(), SHA1, tokens=("new", "newer")) == "signature"
    empty = base64.b64encode(hmac.new(b"", signed_text(URL, tuple(PARAMETERS.items())), "sha1").digest()).decode()
    assert why(post(), empty, tokens=("", "")) == "key"
    assert why(post(), "") == "missing"
    for nonsense in ("x", SHA1[:-1], f" {SHA1}", SHA1.lower(), "ö", "\udce5"):
        assert why(post(), nonsense) == "signature"


@pytest.mark.parametrize(
    ("settings", "signature", "good"),
    [
        (BY_KEY, SHA256, True),
        (f" Key={KEY} , Algorithm=hmac_sha256 ", SHA256, True),
        (f"algorithm=HMAC_SHA256,key={KEY},more=1", SHA256, True),
        (f"key={KEY},algorithm=HMAC_SHA1", SHA1, False),
        (f"key={KEY}", SHA1, False),
        (f"key={KEY}", SHA256, False),
        (f"key={KEY},algorithm=NONE", SHA256, False),
        ("key=another,algorithm=HMAC_SHA256", SHA256, False),
        ("key=gone,algorithm=HMAC_SHA256", SHA256, False),
        ("algorithm=HMAC_SHA256", SHA256, False),
        ("algorithm=HMAC_SHA256", SHA1, False),
        ("algorithm=HMAC_SHA1", SHA1, True),
        ("", SHA1, True),
        ("", SHA256, False),
        (BY_KEY, SHA1, False),
    ],
)
def test_a_shared_key_signs_by_its_own_algorithm_whatever_the_header_wants(
    settings: str, signature: str, good: bool
) -> None:
    keys = Signatures((TOKEN,), {KEY: TOKEN, "another": "other", "gone": ""})
    assert passes(post(), signature, settings, tokens=keys.tokens, shared_keys=keys.shared_keys) is good


def test_without_a_token_nobody_goes_round_the_shared_key() -> None:
    assert why(post(), SHA1, shared_keys={KEY: TOKEN}) == "key"
    assert why(post(), SHA1, "algorithm=HMAC_SHA1", shared_keys={KEY: TOKEN}) == "key"


def test_a_body_that_is_no_form_is_signed_by_its_hash() -> None:
    body = '{"CallSid": "CA1", "Ort": "Åre"}'
    url = f"{URL}&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert RequestValidator(TOKEN).validate(url, body, signature)
    sent = post(url, body, "application/json")
    assert Signatures((TOKEN,)).check(sent, signature) == ()
    assert why(post(url, body + " ", "application/json"), signature) == "body"
    twice = f"{URL}&bodySHA256={'0' * 64}&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    assert why(post(twice, body, "application/json"), RequestValidator(TOKEN).compute_signature(twice, {})) == "body"
    plain = RequestValidator(TOKEN).compute_signature(URL, {})
    assert why(post(URL, body, "application/json"), plain) == "body"
    assert passes(post(URL, b"", "application/json"), plain)


def test_a_get_is_signed_by_its_address_alone() -> None:
    url = f"{URL}&{urlencode(PARAMETERS)}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert passes(Asked(url, "GET", "", b""), signature)
    assert not passes(Asked(url + "&x=", "GET", "", b""), signature)


@pytest.mark.parametrize(
    ("url", "bare", "full"),
    [
        ("https://a.se/x?y=1:2", "https://a.se/x?y=1:2", "https://a.se:443/x?y=1:2"),
        ("http://a.se", "http://a.se", "http://a.se:80"),
        ("https://a.se:8443/x", "https://a.se/x", "https://a.se:8443/x"),
        ("https://u:1@a.se/", "https://u:1@a.se/", "https://u:1@a.se:443/"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]/", "https://[2001:db8::1]:443/"),
        ("https://[2001:db8::1]:444/", "https://[2001:db8::1]/", "https://[2001:db8::1]:444/"),
        ("https://a.se?x=/", "https://a.se?x=/", "https://a.se:443?x=/"),
    ],
)
def test_an_address_is_known_with_and_without_its_port(url: str, bare: str, full: str) -> None:
    assert spellings(url) == (bare, full)
    for spelled in (bare, full):
        signature = base64.b64encode(hmac.new(TOKEN.encode(), spelled.encode(), "sha1").digest()).decode()
        assert passes(Asked(url, "GET", "", b""), signature)


def test_what_is_posted_is_read_as_it_came() -> None:
    body = b"b=&a=+1+%0A&a=0&a=0&%C3%A5=%ff&&c"
    assert pairs_of(body) == (("b", ""), ("a", " 1 \n"), ("a", "0"), ("a", "0"), ("å", "\udcff"), ("c", ""))
    assert signed_text("u", pairs_of(body)) == b"ua 1 \na0bc\xc3\xa5\xff"
    assert len(pairs_of(b"&".join([b"a="] * MAX_PAIRS))) == MAX_PAIRS
    assert why(post(body=b"&".join([b"a="] * (MAX_PAIRS + 1))), SHA1) == "body"


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.one_of(st.sampled_from(["From", "To", "Digits", "ååå", ""]), TEXT)
PARTS = st.text("abcåÖ 09-._~&=+%/?:", max_size=8)


@given(
    posted=st.dictionaries(NAMES, st.lists(TEXT, min_size=1, max_size=4), max_size=6),
    scheme=st.sampled_from(["http", "https"]),
    port=st.sampled_from(["", ":80", ":443", ":8443"]),
    path=st.lists(PARTS, max_size=3),
    query=st.dictionaries(PARTS, PARTS, max_size=3),
    token=TEXT.filter(bool),
    explicit=st.booleans(),
    algorithm=st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]),
    spoilt=st.sampled_from(["", "url", "body", "token"]),
)
def test_we_say_what_twilios_library_says(
    *,
    posted: dict[str, list[str]],
    scheme: str,
    port: str,
    path: list[str],
    query: dict[str, str],
    token: str,
    explicit: bool,
    algorithm: str,
    spoilt: str,
) -> None:
    address = f"{scheme}://kc.example{port}/" + "/".join(map(quote_plus, path))
    url = address + (f"?{urlencode(query)}" if query else "")
    signer, several = RequestValidator(token), Several(posted)
    signature = signer.compute_signature(spellings(url)[explicit], several, algorithm)
    pairs = [(name, value) for name, values in posted.items() for value in values]
    if spoilt == "url":
        url += "x"
    if spoilt == "body":
        pairs.append(("Extra", "x" * 9))
        several = Several({**posted, "Extra": [*posted.get("Extra", []), "x" * 9]})
    known = token + "x" if spoilt == "token" else token
    settings = "" if algorithm == "HMAC_SHA1" else f"key={KEY},algorithm={algorithm}"
    ours = Signatures((known,), {KEY: known})
    asked = post(url, urlencode(pairs))
    good = passes(asked, signature, settings, tokens=ours.tokens, shared_keys=ours.shared_keys)
    assert good is RequestValidator(known).validate(url, several, signature, algorithm)
    assert good is not bool(spoilt)
