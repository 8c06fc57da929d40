"""BFCL's files from a wheel: by hash, whole or not at all, nothing else of the archive."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import msgspec
import pytest

from actloom.cli import main
from actloom.core.errors import InputError, OutputError
from actloom.io.pull import bfcl as pulling
from actloom.io.pull.bfcl import Wheel, bfcl_home, files_digest, pull_bfcl_files

FILES = {
    "bfcl_eval/data/BFCL_v4_simple.json": b'{"id": "a"}\n',
    "bfcl_eval/data/possible_answer/BFCL_v4_simple.json": b'{"id": "a", "ground_truth": []}\n',
}
UNWANTED = {
    "bfcl_eval/__init__.py": b"raise SystemExit\n",
    "bfcl_eval/data/../../../outside.json": b"{}",
    "/bfcl_eval/data/BFCL_v4_absolute.json": b"{}",
}
OPTIONAL = {"mpmath/__init__.py": b"pi = 3\n"}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def pinned(known: Wheel, file: Path, files: dict[str, bytes]) -> Wheel:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return msgspec.structs.replace(known, sha256=sha256, files_sha256=files_digest(digests))


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two small wheels, pinned in place of the real ones; the cache beside it."""
    folder = tmp_path / "wheels"
    main_wheel = zipped(folder / pulling.BFCL.file, {**UNWANTED, **FILES})
    other = zipped(folder / pulling.MPMATH.file, OPTIONAL)
    pins = (pinned(pulling.BFCL, main_wheel, FILES), pinned(pulling.MPMATH, other, OPTIONAL))
    monkeypatch.setattr(pulling, "WHEELS", pins)
    monkeypatch.setenv("ACTLOOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    return folder


def held(home: Path) -> dict[str, bytes]:
    found = {p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()}
    found.pop(pulling.MANIFEST)
    return found


def test_only_wanted_files_are_unpacked_and_a_second_pull_does_nothing(wheels: Path) -> None:
    assert bfcl_home() is None
    first = pull_bfcl_files(source=wheels)
    assert held(first.folder) == {**FILES, **OPTIONAL}
    assert (first.new, first.missing, first.files) == (True, [], 3)
    assert bfcl_home() == first.folder
    again = pull_bfcl_files(source=Path("nowhere"))
    assert (again.new, again.folder) == (False, first.folder)
    assert not list(wheels.parent.rglob("outside.json"))
    assert not list(wheels.parent.rglob("BFCL_v4_absolute.json"))


@pytest.mark.parametrize("given", ["wheel", "folder of wheels", "unpacked", "installed package"])
def test_every_kind_of_source_gives_the_same_files(wheels: Path, tmp_path: Path, given) -> None:
    unpacked = tmp_path / "site-packages"
    for name, data in {**FILES, **OPTIONAL, "bfcl_eval/extra.py": b""}.items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_bytes(data)
    sources = {
        "wheel": wheels / pulling.BFCL.file,
        "folder of wheels": wheels,
        "unpacked": unpacked,
        "installed package": unpacked / "bfcl_eval",
    }
    pulled = pull_bfcl_files(tmp_path / "home", source=sources[given])
    assert {
        name: data for name, data in held(pulled.folder).items() if "mpmath" not in name
    } == FILES
    if given != "installed package":
        assert not pulled.missing


def test_another_wheel_is_refused_and_leaves_nothing(wheels: Path, tmp_path: Path) -> None:
    with (wheels / pulling.BFCL.file).open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match="sha256"):
        pull_bfcl_files(source=wheels)
    assert bfcl_home() is None
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


def test_a_changed_file_in_an_unpacked_folder_is_refused(wheels: Path, tmp_path: Path) -> None:
    name = next(iter(FILES))
    (tmp_path / "unpacked" / name).parent.mkdir(parents=True)
    (tmp_path / "unpacked" / name).write_bytes(b"{}")
    with pytest.raises(InputError, match="another bfcl_eval/"):
        pull_bfcl_files(source=tmp_path / "unpacked")
    with pytest.raises(InputError, match="no bfcl_eval/"):
        pull_bfcl_files(source=tmp_path)


def test_a_link_in_the_archive_is_refused(wheels: Path, monkeypatch) -> None:
    link = zipfile.ZipInfo(next(iter(FILES)))
    link.external_attr = 0o120777 << 16
    file = wheels / pulling.BFCL.file
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    pins = (pinned(pulling.BFCL, file, FILES), *pulling.WHEELS[1:])
    monkeypatch.setattr(pulling, "WHEELS", pins)
    with pytest.raises(InputError, match="no wheel of this kind"):
        pull_bfcl_files(source=wheels)


def test_an_archive_that_grows_too_large_is_refused(wheels: Path, monkeypatch) -> None:
    monkeypatch.setattr(pulling, "_MAX_TOTAL", 20)
    with pytest.raises(InputError, match="no wheel of this kind"):
        pull_bfcl_files(source=wheels)


@pytest.mark.parametrize("damage", ["changed", "gone", "manifest"])
def test_a_damaged_folder_is_no_home_and_is_made_again(wheels: Path, damage: str) -> None:
    home = pull_bfcl_files(source=wheels).folder
    victim = home / (pulling.MANIFEST if damage == "manifest" else next(iter(FILES)))
    if damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes().replace(b"a", b"b"))
    assert bfcl_home() is None
    assert pull_bfcl_files(source=wheels).new
    assert held(home) == {**FILES, **OPTIONAL}


def test_a_foreign_file_listed_as_pulled_is_no_home(wheels: Path) -> None:
    home = pull_bfcl_files(source=wheels).folder
    evil = b"print('evil')\n"
    (home / "evil.py").write_bytes(evil)
    manifest = msgspec.json.decode((home / pulling.MANIFEST).read_bytes())
    manifest["files"]["evil.py"] = hashlib.sha256(evil).hexdigest()
    (home / pulling.MANIFEST).write_bytes(msgspec.json.encode(manifest))
    assert bfcl_home() is None


def test_a_folder_of_something_else_is_left_alone(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else"):
        pull_bfcl_files(tmp_path / "mine", source=wheels)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_a_pull_cut_off_leaves_no_half_folder(wheels: Path, monkeypatch) -> None:
    real, written = pulling._written, []

    def cut(path: Path, data: bytes) -> str:
        if len(written) == 1:
            raise OSError("disk full")
        written.append(path)
        return real(path, data)

    monkeypatch.setattr(pulling, "_written", cut)
    with pytest.raises(OutputError, match="disk full"):
        pull_bfcl_files(source=wheels)
    assert bfcl_home() is None
    monkeypatch.setattr(pulling, "_written", real)
    assert pull_bfcl_files(source=wheels).new


def test_without_a_network_the_error_says_what_to_do(wheels: Path, capsys) -> None:
    assert main(["pull", "bfcl"]) == 2
    said = capsys.readouterr().err
    assert "pip could not download bfcl-eval==" in said
    assert "actloom pull bfcl --from" in said
    assert "Traceback" not in said
    assert bfcl_home() is None


def test_a_wheel_already_downloaded_is_not_asked_for_again(wheels: Path, tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "bfcl" / "wheels"
    kept.mkdir(parents=True)
    for file in wheels.iterdir():
        (kept / file.name).write_bytes(file.read_bytes())
    assert pull_bfcl_files().new  # the index at 127.0.0.1:9 answers nobody
    assert not kept.exists()


def test_an_optional_wheel_is_not_asked_for_when_it_is_installed(wheels: Path, monkeypatch) -> None:
    (wheels / pulling.MPMATH.file).unlink()
    monkeypatch.setattr(pulling, "_is_installed", lambda wheel: True)
    monkeypatch.setattr(pulling, "_downloaded", lambda *_: pytest.fail("pip was asked"))
    pulled = pull_bfcl_files(source=wheels)
    assert (held(pulled.folder), pulled.missing) == (FILES, [])


def test_a_source_that_is_not_there_is_named(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file that can be read"):
        pull_bfcl_files(source=tmp_path / "nowhere.whl")


def test_the_command_says_what_is_where(
    wheels: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wheels / pulling.MPMATH.file).unlink()
    monkeypatch.setattr(pulling, "_is_installed", lambda wheel: False)
    assert main(["pull", "bfcl", "--from", str(wheels), "--out", str(tmp_path / "home")]) == 0
    out, err = capsys.readouterr()
    assert f"2 files, 0.0 MB unpacked in {tmp_path / 'home'}" in out
    assert "pip install mpmath" in err
    assert main(["pull", "bfcl", "--out", str(tmp_path / "home")]) == 0
    assert "already there" in capsys.readouterr().out
