"""No letter is lost: every label, right, wrong or missing."""

import pytest

from services.intake.domain import mail, text
from tests.support.raw_mail import letter

SAID = "Hej, smörgåsen är på gården i Älvsbyn och Örebro."


@pytest.mark.parametrize(
    "label", ["utf-8", "iso-8859-1", "us-ascii", "windows-1252", "x-foo", "utf-16", "utf-7", "gb2312"]
)
@pytest.mark.parametrize("real", ["utf-8", "latin-1", "cp1252"])
def test_swedish_letters_survive_a_wrong_label(label: str, real: str) -> None:
    raw = letter(SAID.encode(real), kind=f"text/plain; charset={label}".encode())
    assert mail.read(raw).own == SAID


@pytest.mark.parametrize("label", ["gb2312", "gbk", "koi8-r", "windows-1251", "shift_jis", "big5", "euc-kr"])
def test_utf_8_is_known_under_any_label(label: str) -> None:
    assert text.decode(SAID.encode(), label) == SAID


@pytest.mark.parametrize(
    ("said", "real", "label"),
    [
        (SAID, "utf-16", "utf-16"),
        (SAID, "utf-16-le", "utf-16"),
        (SAID, "utf-16-be", "utf-16"),
        (SAID, "utf-16-le", "utf-16le"),
        (SAID, "utf-16", ""),
        (SAID, "utf-8-sig", ""),
        (SAID, "utf-32", "utf-32"),
        (SAID, "utf-7", "utf-7"),
        (SAID, "mac_roman", "macintosh"),
        (SAID, "cp850", "ibm850"),
        (SAID, "iso8859-15", "iso-8859-15"),
        ("こんにちは", "iso2022_jp", "iso-2022-jp"),
        ("こんにちは①", "cp932", "shift_jis"),
        ("你好，世界", "gb2312", "gb2312"),
        ("你好，镕", "gbk", "gb2312"),
        ("Здравствуйте", "koi8-r", "koi8-r"),
        ("Здравствуйте", "cp1251", "windows-1251"),
        ("مرحبا", "cp1256", "windows-1256"),
        ("안녕하세요 똠", "cp949", "ks_c_5601-1987"),
        ("Merhaba şğı", "cp1254", "iso-8859-9"),
    ],
)
def test_the_charsets_of_those_who_write_to_us_are_read(said: str, real: str, label: str) -> None:
    assert text.clean(text.decode(said.encode(real), label)) == said


def test_one_bad_byte_does_not_spoil_the_other_letters() -> None:
    assert text.decode("åäö – ".encode() + b"\xe5 \xff", "utf-8") == "åäö – å ÿ"
    assert text.decode("åäö".encode()[:-1], "utf-8") == "åäÃ"
    assert text.decode("“å” ".encode("cp1252") + b"\x81", "windows-1252") == "“å” \x81"


@pytest.mark.parametrize(
    "label", ["idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "\x00", "mbcs"]
)
def test_what_is_no_charset_of_mail_raises_nothing(label: str) -> None:
    assert "rden" in text.decode(SAID.encode(), label)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("=?utf-8?Q?Hej?_va?=", "Hej? va"),
        ("=?utf-8?B?w6XDpMO2?= =?utf-8?Q?_=C3=A5?=", "åäö å"),
        ("=?utf-8?B?w6XDpM?= x", "åä x"),
        ("=?utf-8?B?w6X\n D?=", "å"),
        ("=?iso-2022-jp?B?GyRCJDMbKEI=?=", "こ"),
        ("a =?utf-8?q?=0D=0ABcc:_x?= b", "a Bcc: x b"),
        ("=?utf-8?q??=", ""),
        ("=?utf-16?B?//4=?=", ""),
        ("=?", "=?"),
        ("Sv: =?utf-8?q?=C3=A5?=: b", "Sv: å: b"),
    ],
)
def test_broken_encoded_words_keep_what_they_say(value: str, said: str) -> None:
    assert text.header_text(value).replace("Ã", "") == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"SGVq\r\n", "Hej"),
        (b"SGVq\r\nIQ", "Hej!"),
        (b"SGVqIQ==\r\nSGVqIQ==", "Hej!Hej!"),
        (b"SGVqI", "Hej"),
        (b"SGVqIQ==\r\n-- \r\nlistan", "Hej!\n-- \nlistan"),
        (b"Vanliga ord h\xc3\xa4r.", "Vanliga ord här."),
        (b"", ""),
    ],
)
def test_broken_base64_gives_what_can_be_had(body: bytes, said: str) -> None:
    assert mail.read(letter(body, b"Content-Transfer-Encoding: base64")).full == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"k=C3=A4llare =\r\nh=c3=a4r", "källare här"),
        (b"100=25 =ZZ = slut=", "100% =ZZ = slut"),
        (b"a=\rb ord", "ab ord"),
        (b"a=3D=\r\n=\r\nb", "a=b"),
    ],
)
def test_broken_quoted_printable_gives_what_can_be_had(body: bytes, said: str) -> None:
    assert mail.read(letter(body, b"Content-Transfer-Encoding: quoted-printable")).full == said


def test_quoted_printable_without_its_label_is_read_only_when_it_can_be_nothing_else() -> None:
    assert mail.read(letter(b"k=C3=A4llare =\r\nh=C3=A4r")).full == "källare här"
    address = "https://example.se/?a=C3=A4&b=1"
    assert mail.read(letter(address.encode())).full == address
