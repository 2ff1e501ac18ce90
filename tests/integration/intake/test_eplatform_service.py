"""The whole way of a submission through a running intake: read, published, confirmed, its case told, completed."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from services.intake.__main__ import cli
from shared.clock import local, utc_now
from shared.events import CaseClosed, CaseOpened, ContactFollowedUp, ContactReceived
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Resolution
from tests.integration.intake.doors import intake_settings, started
from tests.integration.intake.platforms import events_of, follow_ups
from tests.integration.intake.reading import ReadContacts
from tests.support.eplatform_peer import EPlatformPeer, query
from tests.support.templates import migrated

pytestmark = pytest.mark.integration


def written(folder: Path, peer: EPlatformPeer) -> str:
    family = {
        "id": 832,
        "form": "kontakta-oss",
        "since": peer.now.date(),
        "answers": {"opened": "Mottaget", "closed": "Avslutat"},
    }
    platform = {
        "name": "kommunen",
        "url": peer.url,
        "user": peer.user,
        "password": {"env": "KC_TEST_PASSWORD"},
        "poll_seconds": 0.2,
        "families": [family, {**family, "id": 900, "form": "okand"}],
    }
    path = folder / "platforms.yaml"
    path.write_text(yaml.safe_dump({"platforms": [platform]}))
    return str(path)


def told(peer: EPlatformPeer, alias: str) -> bool:
    return any(given.get("statusAlias") == alias for _, given in peer.told)


async def test_a_submission_goes_the_whole_way(
    settings: ServiceSettings,
    stocked: Publisher,
    read_contacts: ReadContacts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    migrated(settings.postgres, "services.intake.migrations")
    monkeypatch.setenv("KC_TEST_PASSWORD", "hemligt")
    async with EPlatformPeer(now=local(utc_now()).replace(tzinfo=None)) as peer:
        peer.file(501)
        own = intake_settings(settings, eplatforms=written(tmp_path, peer))
        async with started(own, stocked) as intake:
            await peer.wait_told(lambda said: any(name == "confirmDelivery" for name, _ in said))
            (first,) = await events_of(read_contacts)
            assert isinstance(first, ContactReceived)
            assert peer.filed[501].external_id == first.contact_id
            case = {"case_id": "case-1", "case_number": "KC-2026-000001", "contact_id": first.contact_id}
            opened = CaseOpened(**case, channel=Channel.E_SERVICE, entrance="formular", unit="u", opened_at=utc_now())
            await intake.tell(message(opened))
            await peer.wait_told(lambda _: told(peer, "Mottaget"))
            peer.file(501, query("mer", "Komplettering", "Det gäller hörnet"))
            await peer.wait_told(lambda said: sum(name == "confirmDelivery" for name, _ in said) == 2)
            (second,) = await follow_ups(read_contacts)
            assert isinstance(second, ContactFollowedUp)
            assert second.follows == "case-1"
            end = {"channel": Channel.E_SERVICE, "unit": "u", "resolution": Resolution.SOLVED, "at": utc_now()}
            await intake.tell(message(CaseClosed(**case, **end)))
            await peer.wait_told(lambda _: told(peer, "Avslutat"))
            ready = (await intake.client.get("/health/ready")).json()
            assert "eplatform:kommunen" not in str(ready).replace("eplatform:kommunen.entrance.900", "")
            assert "no entrance of the form okand" in str(ready)
            metrics = (await intake.client.get("/metrics")).text
            assert 'kc_platform_well{platform="eplatform:kommunen"} 1.0' in metrics
            assert 'kc_platform_answered_total{outcome="taken",platform="eplatform:kommunen",what="confirm"}' in metrics


async def test_the_command_says_what_is_read_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: ServiceSettings
):
    assert settings.environment == "local"
    monkeypatch.setenv("KC_TEST_PASSWORD", "hemligt")
    peer = EPlatformPeer(port=9)
    monkeypatch.setenv("KC_EPLATFORMS", written(tmp_path, peer))
    said = CliRunner().invoke(cli, ["check-platforms"])
    assert (said.exit_code, said.output) == (0, f"eplatform:kommunen {peer.url} (2 families): ok\n")
    monkeypatch.setenv("KC_TEST_PASSWORD", "")
    said = CliRunner().invoke(cli, ["check-platforms"])
    assert said.exit_code == 1
    assert "there is nothing in KC_TEST_PASSWORD" in said.output
