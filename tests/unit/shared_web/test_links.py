import pytest

from shared.settings import ServiceSettings
from shared.web.links import Links


def test_on_ports_of_their_own():
    links = Links(ServiceSettings(casework_url="http://127.0.0.1:8103"), "stats")
    assert links.to("stats", "/wallboard") == "/wallboard"
    assert links.to("casework", "/login") == "http://127.0.0.1:8103/login"


@pytest.mark.parametrize(
    ("service", "settings"),
    [("stats", ServiceSettings(public_prefix="/stats")), ("casework", ServiceSettings(one_origin=True))],
)
def test_behind_the_proxy_everything_is_one_origin(service, settings):
    links = Links(settings, service)
    assert links.to("stats", "/wallboard") == "/stats/wallboard"
    assert links.to("casework", "/login") == "/login"


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("/desk", "/desk"),
        ("http://127.0.0.1:8104/wallboard", "http://127.0.0.1:8104/wallboard"),
        ("http://kommun.example/desk", "http://kommun.example/desk"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("http://127.0.0.1:8104@evil.example/", "/"),
    ],
)
def test_only_our_own_addresses_are_led_to(address, safe):
    assert Links(ServiceSettings(), "casework").safe(address, "kommun.example") == safe
