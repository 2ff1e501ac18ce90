"""A mail as it looked: nothing of it runs, loads or sends, and what it cannot show it says."""

import base64
import re
from email.message import EmailMessage
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.casework.mail.original import MAX_HTML, MAX_PICTURE, Original, Picture, picture_of, read_original
from services.casework.mail.shown import _SIZES, _TAGS, Shown, host_of, show

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
EVERY_TAG = set(_TAGS)
HARMLESS = {
    *_SIZES,
    "title",
    "alt",
    "color",
    "size",
    "face",
    "start",
    "type",
    "border",
    "cellpadding",
    "cellspacing",
} | {*("colspan", "rowspan", "scope", "target", "rel", "data-host")}
INLINE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [(name, value or "") for name, value in attrs]))


def shown(html: str, **pictures: bytes) -> Shown:
    return show(Original(html, {name: Picture("image/png", data) for name, data in pictures.items()}))


def mail(html: str = "<p>Hej</p>", *, picture: bytes = PNG, cid: str = "<a@b>") -> EmailMessage:
    rich = EmailMessage()
    rich.set_content(html, subtype="html")
    rich.add_related(picture, "image", "png", cid=cid)
    made = EmailMessage()
    made.set_content("Hej")
    made.make_alternative()
    made.attach(rich)
    return made


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<body onload=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<form action='https://evil.example'><input name=a><button formaction='https://evil.example'>x</button></form>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<base href='https://evil.example/'>",
        "<link rel=stylesheet href='https://evil.example/a.css'>",
        "<style>@import 'https://evil.example/a.css'; p { background: url(https://evil.example/a) }</style>",
        "<p style=\"background:url('https://evil.example/a')\">x</p>",
        '<p style="color: red; list-style: url(https://evil.example/a)">x</p>',
        '<p style="width: u\\72l(https://evil.example/a)">x</p>',
        "<table background='https://evil.example/a'><tr><td background='https://evil.example/a'>x</td></tr></table>",
        "<img srcset='https://evil.example/a 2x' src='https://evil.example/a'>",
        "<img src='//evil.example/a'><img src='/logout'><img src='\\\\evil.example\\a'>",
        "<video poster='https://evil.example/a' src='https://evil.example/a' autoplay></video>",
        "<iframe src='https://evil.example'></iframe><object data='https://evil.example'></object>",
        "<a href='javascript:alert(1)'>x</a><a href=' java\tscript:alert(1)'>x</a><a href='vbscript:x'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a><a href='/logout'>x</a><a href='#x'>x</a>",
        "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+'>",
        "<img src='data:text/html;base64,PHNjcmlwdD4='>",
        "<p title='<script>alert(1)</script>' id=body class=x name=y>x</p>",
        "<img alt='<script>alert(1)</script>\" onerror=alert(1) x=\"' src=cid:nothing>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<<script>alert(1)//<</script>",
        "<a href='https://a.example\" onclick=\"alert(1)'>x</a>",
    ],
)
def test_nothing_runs_loads_or_sends(hostile):
    harmless(shown(f"<p>Hej</p>{hostile}<p>då</p>").html)


PIECES = (
    *("<p>", "</p>", "<div ", "<a href=", "<img src=", "<svg>", "</svg>", "<math>", "<mtext>", "<style>", "</style>"),
    *(
        "<table>",
        "<td>",
        "</table>",
        "<title>",
        "</title>",
        "<textarea>",
        "<noscript>",
        "<select>",
        "<template>",
        "<form>",
    ),
    *(
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<plaintext>",
        "<xmp>",
        "<foreignObject>",
        "<annotation-xml>",
    ),
    *(
        "javascript:alert(1)",
        "https://evil.example/",
        "//evil.example",
        "data:text/html,x",
        "cid:a",
        "url(https://e.example)",
    ),
    *(
        " onerror=alert(1)",
        " style=",
        "'",
        '"',
        "`",
        ">",
        "<",
        "/",
        "=",
        " ",
        "\n",
        "\0",
        "&quot;",
        "&#x3c;",
        "&",
        "å",
        "x",
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join))
def test_nothing_runs_loads_or_sends_however_it_is_put_together(hostile):
    html = show(Original(hostile, {"a": Picture("image/png", PNG)})).html
    harmless(html)
    again = nh3.clean(html, tags=EVERY_TAG, link_rel=None)
    assert visible(again) == visible(html)


def visible(html: str) -> str:
    return re.sub("<[^>]*>", "", html)


def harmless(html: str) -> None:
    """Read the tags as a browser does and allow what is known to do nothing."""
    reader = Tags()
    reader.feed(html)
    reader.close()
    for tag, attributes in reader.found:
        assert tag in EVERY_TAG, (tag, html)
        for name, value in attributes:
            assert name in {*HARMLESS, "href", "src", "style"}, (tag, name, html)
            if name == "href":
                assert tag == "a", html
                assert value.strip().lower().startswith(("http://", "https://", "mailto:", "tel:")), html
            if name == "src":
                assert re.match("data:image/(png|jpeg|gif|webp);base64,", value), html
            if name == "style":
                assert not re.search(r"url|image|expression|@|\\", value, re.IGNORECASE), html


def test_a_picture_that_came_along_is_shown_and_one_that_lies_elsewhere_is_counted():
    found = shown(
        '<img src="cid:a@b" width="10"><img src="cid:a%40b"><img src="https://t.example/p.gif" alt="Logga">'
        '<img src="https://t.example/pixel.gif">',
        **{"a@b": PNG},
    )
    assert found.html.count(f'src="{INLINE}"') == 2
    assert found.remote == 2
    assert "[Logga]" in found.html
    assert "t.example" not in found.html


def test_a_picture_is_what_its_bytes_are_whatever_the_mail_says():
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    assert read_original(mail(picture=svg).as_bytes()).pictures == {}
    assert read_original(mail(picture=PNG).as_bytes()).pictures == {"a@b": Picture("image/png", PNG)}
    assert shown(f'<img src="data:image/gif;base64,{base64.b64encode(PNG).decode()}">').html.count("image/png") == 1
    assert picture_of(b"RIFF\0\0\0\0WEBPxx") == Picture("image/webp", b"RIFF\0\0\0\0WEBPxx")
    assert picture_of(b"") is None


def deep(levels: int, lines: int, end: bytes = b"\n", word: bytes = b"boundary=") -> bytes:
    opened = (b'Content-Type: multipart/mixed; %s"b%d"\n\n--b%d\n' % (word, level, level) for level in range(levels))
    return b"".join(opened) + b"Content-Type: text/html\n\n" + (b"a" + end) * lines


@pytest.mark.parametrize(
    "raw",
    [
        deep(25, 250_000),
        deep(25, 250_000, b"\r"),
        deep(25, 250_000, word=b"BOUNDARY = "),
        deep(1, 300_000, b"\n--b0\n\n"),
        b"a:b\n" * 1_100_000 + b"\n",
    ],
    ids=["lines", "bare returns", "spaced", "parts", "headers"],
)
def test_a_mail_that_would_take_the_parser_long_is_not_parsed_and_that_is_said(raw):
    assert read_original(raw) == Original(cut=True)


def test_the_largest_mail_of_a_usual_shape_is_shown():
    rich = mail("<p>Hej</p>").as_bytes()
    at = rich.rindex(b"--==")  # another file of the outermost container
    large = rich[:at] + b"\n" + (b"A" * 76 + b"\r\n") * 600_000 + rich[at:]
    assert "Hej" in read_original(large).html


def test_pictures_are_bounded_and_that_is_said():
    large = PNG + b"\0" * MAX_PICTURE
    found = read_original(mail(picture=large).as_bytes())
    assert (found.pictures, found.cut) == ({}, True)
    often = show(Original('<img src="cid:a">' * 3000, {"a": Picture("image/png", PNG + b"\0" * 10_000)}))
    assert often.cut
    assert len(often.html) < 15_000_000


def test_a_link_says_where_it_leads():
    found = shown(
        '<a href="https://bank.example@evil.example/x">https://bank.example</a>'
        '<a href="https://kommun.example/a">https://kommun.example/a</a>'
        '<a href="mailto:bo@evil.example?subject=x">Bo</a>'
        '<a href="https://xn--bnk-ula.example/">bank</a>'
    ).html
    assert found.count('rel="noopener noreferrer nofollow"') == 4
    assert found.count('target="_blank"') == 4
    assert re.findall(r'data-host="([^"]*)"', found) == ["evil.example", "bo@evil.example", "xn--bnk-ula.example"]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://evil.example/"><span style="font-size:0">https://evil.example/</span>bank.example</a>',
        '<a href="https://evil.example/">https://evil.example/<img alt="bank.example"></a>',
        '<a href="https://evil.example\\@bank.example/">https://bank.example/</a>',
        '<a href="https://bank.example@evil.example/">https://bank.example@evil.example/</a>',
        '<a href="https://evil.example/">evil.example.bank.example</a>',
        '<a href="https://evil.example/"><table><tr><td><a href="https://b.example/">b.example</a></table>bank</a>',
    ],
)
def test_a_link_whose_words_may_look_like_another_host_says_where_it_leads(link):
    assert 'data-host="evil.example"' in shown(link).html


@pytest.mark.parametrize("words", ["evil.example", "https://evil.example/a?b", "HTTPS://Evil.example/a?b&amp;c"])
def test_a_link_whose_words_are_where_it_leads_does_not_say_it_twice(words):
    assert "data-host" not in shown(f'<a href="https://evil.example/a?b">{words}</a>').html


@pytest.mark.parametrize(
    ("href", "host"),
    [
        ("https://Ex.example:8/a", "ex.example"),
        ("https://bаnk.example/", "xn--bnk-6cd.example"),
        ("tel:+46701740605", "+46701740605"),
        ("https://evil.example\\@bank.example/", "evil.example"),
        ("https:///evil.example/", "evil.example"),
        ("https://[::1", "?"),
        ("https://" + "a" * 70 + ".example", "?"),
        ("/logout", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_host_of_a_link_looks_like_nothing_else(href, host):
    assert host_of(href) == host


def test_a_mail_forging_our_own_mark_of_a_host_does_not_get_it():
    assert "data-host" not in shown('<span data-host="bank.example">x</span>').html
    assert 'data-host="bank.example"' not in shown('<a data-host="bank.example" href="https://e.example/">x</a>').html


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("utf-8", "utf-8"), ("iso-8859-1", "latin-1"), ("x-foo", "utf-8"), ("us-ascii", "cp1252"), ("punycode", "cp1252")],
)
def test_swedish_letters_of_the_html_survive(declared, codec):
    body = "<p>Å ä ö</p>".encode(codec)
    raw = f"Content-Type: text/html; charset={declared}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + body
    assert "Å ä ö" in show(read_original(raw)).html


def test_a_mail_without_html_has_none_and_a_broken_one_raises_nothing():
    assert read_original(b"From: a@b.example\r\n\r\nHej").html == ""
    for raw in (b"", b"\0\xff", b"Content-Type: text/html; charset*=\r\n\r\n<p>", b"Content-Type: multipart/x\r\n\r\n"):
        show(read_original(raw))


def test_the_html_of_a_file_or_of_a_mail_within_the_mail_is_not_shown():
    made = mail()
    made.add_attachment("<p>fil</p>", subtype="html", filename="a.html")
    inner = EmailMessage()
    inner.set_content("<p>inre</p>", subtype="html")
    made.add_attachment(inner)
    assert show(read_original(made.as_bytes())).html.strip() == "<p>Hej</p>"


@pytest.mark.parametrize(
    "much",
    [
        "<div>",
        "<div><!--</div>-->",
        '<div><p a="</div>">',
        "<table><td>",
        "<b><p>",
        "&",
        "a&amp;b ",
        "\xa0",
        "<!--",
        "<a href=x>",
    ],
)
def test_more_markup_than_anybody_writes_is_cut_and_said(much):
    found = show(Original(f"<p>Hej</p>{much * (MAX_HTML // len(much))}"))
    assert "Hej" in found.html
    assert found.cut or much == "<!--"
    assert len(found.html) < 2 * MAX_HTML
