"""Files from outside are used only when they are the ones we know."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from deploy.local import assets
from deploy.local.assets import AssetError, ensure, known, vendor

COORDINATE = "example.group:thing:1.0"


def cache_with(tmp_path: Path, content: bytes) -> Path:
    cache = tmp_path / "cache"
    jar = cache / "m2" / "example" / "group" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(content)
    return cache


def checksums_for(tmp_path: Path, content: bytes) -> Path:
    checksums = tmp_path / "checksums.txt"
    checksums.write_text(f"# a comment\n{hashlib.sha256(content).hexdigest()}  kafka  {COORDINATE}\n")
    return checksums


def test_a_known_file_is_returned_without_asking_the_network(tmp_path):
    (path,) = ensure("kafka", cache=cache_with(tmp_path, b"good"), checksums=checksums_for(tmp_path, b"good"))
    assert path.read_bytes() == b"good"


def test_a_wrong_checksum_stops_and_says_which_file_to_remove(tmp_path):
    cache, checksums = cache_with(tmp_path, b"bad"), checksums_for(tmp_path, b"good")
    with pytest.raises(AssetError, match=rf"(?s){COORDINATE} is not the file we know.*Remove {cache}.*thing-1\.0\.jar"):
        ensure("kafka", cache=cache, checksums=checksums)


def test_a_file_that_changes_after_it_was_verified_is_noticed(tmp_path):
    cache, checksums = cache_with(tmp_path, b"good"), checksums_for(tmp_path, b"good")
    (path,) = ensure("kafka", cache=cache, checksums=checksums)
    path.write_bytes(b"evil")
    with pytest.raises(AssetError, match="is not the file we know"):
        ensure("kafka", cache=cache, checksums=checksums)


def test_a_verified_file_is_not_read_again(tmp_path, monkeypatch):
    cache, checksums = cache_with(tmp_path, b"good"), checksums_for(tmp_path, b"good")
    ensure("kafka", cache=cache, checksums=checksums)
    monkeypatch.setattr(assets, "digest_of", lambda path: pytest.fail(f"read {path} again"))
    assert ensure("kafka", cache=cache, checksums=checksums)


def test_a_file_that_cannot_be_fetched_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "none.conf"))
    with pytest.raises(AssetError, match=f"{COORDINATE} could not be fetched"):
        ensure("kafka", cache=tmp_path / "empty", checksums=checksums_for(tmp_path, b"good"), quiet=True)
    assert not list((tmp_path / "empty").rglob("*.jar"))


def test_every_part_has_its_files_in_the_list():
    assert {asset.part for asset in known()} == set(assets.ENDPOINTS)
    assert all(len(asset.sha256) == 64 for asset in known())
    for part, endpoint in assets.ENDPOINTS.items():
        assert set(endpoint.split("+")) <= {asset.coordinate for asset in known() if asset.part == part}


def test_browser_files_are_unpacked_from_their_jars(tmp_path, monkeypatch):
    jars = {}
    for part, (inside, _) in assets.BROWSER_FILES.items():
        jars[part] = tmp_path / f"{part}.jar"
        with zipfile.ZipFile(jars[part], "w") as archive:
            archive.writestr(f"META-INF/resources/webjars/{part}/1.0/{inside}", f"// {part}")
    monkeypatch.setattr(assets, "ensure", lambda part, **_: [jars[part]])
    vendor(tmp_path / "vendor")
    assert (tmp_path / "vendor" / "htmx.min.js").read_text() == "// htmx"
    assert (tmp_path / "vendor" / "sse.js").read_text() == "// sse"
