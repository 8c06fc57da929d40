"""BFCL's data and simulated classes, from its PyPI wheel into the cache, by version and hash.

Nothing of it is part of this package. The folder keeps the wheel's own paths
(`bfcl_eval/data/...`), has mpmath beside them, which one of the classes needs, and a
`manifest.json` with the digest of every file. What a folder must hold is fixed here by two digests,
so that classes are only ever run when they are those of the wheel, wherever the folder came from.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from actloom.core.errors import InputError, OutputError

VERSION = "2026.3.23"
MANIFEST = "manifest.json"
_MAX_FILE = 16 * 2**20
_MAX_TOTAL = 64 * 2**20
_PIP_SECONDS = 600


class Wheel(msgspec.Struct, frozen=True):
    """A wheel by version and hash, and the files of it that are taken."""

    project: str
    version: str
    sha256: str
    wanted: str
    """Pattern of the paths inside."""
    files_sha256: str
    """Digest of the wanted files' names and digests (`files_digest`)."""
    optional: bool = False
    """True when a folder without it still serves."""

    @property
    def file(self) -> str:
        """Name of the wheel's file."""
        return f"{self.project.replace('-', '_')}-{self.version}-py3-none-any.whl"


BFCL = Wheel(
    "bfcl-eval",
    VERSION,
    "3bb6dfa5f0c68ad403c9ec50b00db2bb3b4cc9b38ab1ff33f48fe30d853d3a0a",
    r"bfcl_eval/data/(BFCL_v4_\w+|(possible_answer|multi_turn_func_doc|memory_prereq_conversation)"
    r"/\w+)\.json|bfcl_eval/eval_checker/multi_turn_eval/func_source_code/"
    r"(?!memory_vector|web_search)\w+\.py",
    "5967bb6bf927934286a130470126a8484aacabc5317b2a8df19cc50af2a3a290",
)
MPMATH = Wheel(
    "mpmath",
    "1.3.0",
    "a0b2b9fe80bbcd81a6647ff13108738cfb482d481d826cc0e02f5b35e5c88d2c",
    r"mpmath/(?!tests/)(\w+/(?!tests/))*\w+\.py|mpmath-1\.3\.0\.dist-info/LICENSE",
    "1044dc8018580a1aac21566d965f12be85a56e99617e533f1f0ea1b0b88d9d11",
    optional=True,
)
WHEELS = (BFCL, MPMATH)


class Manifest(msgspec.Struct, frozen=True):
    """What a pulled folder holds."""

    version: str
    files: dict[str, str]
    """Path below the folder -> SHA-256."""


class PulledFiles(msgspec.Struct, frozen=True):
    """What a pull came to."""

    folder: Path
    files: int
    bytes: int
    new: bool
    """False when the folder was there and whole."""
    missing: list[str]
    """Optional projects that are neither in the folder nor installed."""


def cache_folder() -> Path:
    """Returns where pulled things are kept: $ACTLOOM_CACHE, else actloom/ in the user's cache."""
    named = os.environ.get("ACTLOOM_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "actloom"


def bfcl_home(folder: Path | None = None) -> Path | None:
    """Returns the folder of BFCL's data and classes, None when nothing whole is there.

    Args:
        folder: where it was pulled to; the cache by default.
    """
    home = folder or cache_folder() / "bfcl" / VERSION
    return home if _whole(home) else None


def _whole(home: Path) -> bool:
    try:
        manifest = msgspec.json.decode((home / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return False
    known = 0
    for wheel in WHEELS:
        files = wanted_files(wheel, manifest.files)
        known += len(files)
        if files_digest(files) != wheel.files_sha256 and (files or not wheel.optional):
            return False
    if known != len(manifest.files):
        return False
    return all(_digest_of(home / name) == digest for name, digest in manifest.files.items())


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def wanted_files(wheel: Wheel, files: Mapping[str, str]) -> dict[str, str]:
    """Returns those of a folder's files that come from a wheel."""
    return {name: digest for name, digest in files.items() if re.fullmatch(wheel.wanted, name)}


def files_digest(files: Mapping[str, str]) -> str:
    """Returns one digest for names and digests of files, in any order."""
    lines = "".join(f"{digest} {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def pull_bfcl_files(out: Path | None = None, *, source: Path | None = None) -> PulledFiles:
    """Takes BFCL's files out of their wheels into a folder, whole or not at all.

    Args:
        out: folder to make; its place in the cache by default.
        source: a wheel, a folder of wheels, or a folder in which the wheel is unpacked or
            installed; None downloads the wheels with pip.

    Raises:
        InputError: no network, another wheel, or a folder that does not hold the wheel's files.
        OutputError: `out` holds something else, or cannot be written.
    """
    home = out or cache_folder() / "bfcl" / VERSION
    if bfcl_home(home) is not None:
        return _described(home, new=False)
    _refuse_other_folder(home)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{home.name}.") as scratch:
            fresh = Path(scratch) / "fresh"
            files: dict[str, str] = {}
            for wheel in WHEELS:
                files |= _taken(wheel, source, fresh, downloads=home.parent / "wheels")
            (fresh / MANIFEST).write_bytes(msgspec.json.encode(Manifest(VERSION, files)))
            if home.exists():
                home.rename(Path(scratch) / "old")
            fresh.rename(home)
    except OSError as error:
        if bfcl_home(home) is not None:  # another process was faster
            return _described(home, new=False)
        raise OutputError("cannot write", got=str(error), where=str(home)) from error
    shutil.rmtree(home.parent / "wheels", ignore_errors=True)
    return _described(home, new=True)


def _described(home: Path, *, new: bool) -> PulledFiles:
    files = msgspec.json.decode((home / MANIFEST).read_bytes(), type=Manifest).files
    absent = [wheel for wheel in WHEELS if not wanted_files(wheel, files)]
    missing = [wheel.project for wheel in absent if not _is_installed(wheel)]
    size = sum((home / name).stat().st_size for name in files)
    return PulledFiles(home, len(files), size, new, missing)


def _refuse_other_folder(home: Path) -> None:
    """An older or broken pull may be replaced; anything else may not."""
    if home.exists() and not (home / MANIFEST).is_file() and any(home.iterdir()):
        raise OutputError(
            "the folder holds something else",
            expected="no folder, or one that an earlier pull made",
            where=str(home),
            todo="give another --out",
        )


def _taken(wheel: Wheel, source: Path | None, fresh: Path, *, downloads: Path) -> dict[str, str]:
    """Writes a wheel's wanted files and returns their digests.

    An optional wheel that the source does not have is downloaded unless it is installed; none of
    its files are returned when it cannot be had.

    Raises:
        InputError: the source is not this wheel.
    """
    given = _given(wheel, source)
    if given is not None:
        return _unpacked(given, wheel, fresh)
    if source is not None:
        found = _copied(wheel, source, fresh) if source.is_dir() else {}
        if found or _is_installed(wheel):
            return found
    try:
        return _unpacked(_downloaded(wheel, downloads), wheel, fresh)
    except InputError:
        if wheel.optional:
            return {}
        raise


def _given(wheel: Wheel, source: Path | None) -> Path | None:
    """Returns the wheel's file where the user has it; None when it is not there."""
    if source is None or not (wheel.optional or source.is_dir()):
        return source
    file = source / wheel.file if source.is_dir() else source.with_name(wheel.file)
    return file if file.exists() else None


def _is_installed(wheel: Wheel) -> bool:
    return importlib.util.find_spec(wheel.project) is not None


def _unpacked(file: Path, wheel: Wheel, fresh: Path) -> dict[str, str]:
    _verify(file, wheel)
    return {name: _written(fresh / name, data) for name, data in _members(file, wheel)}


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    file = folder / wheel.file
    if file.exists() and _digest_of(file) == wheel.sha256:
        return file  # an earlier pull came this far
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{wheel.project}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(folder), wanted]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False
        )
        words = "" if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        words = str(error)
    if words:
        raise InputError(
            f"pip could not download {wanted}",
            expected="the package index to answer",
            got=words.splitlines()[-1][:500],
            todo=f"on a machine with network: pip download --no-deps {wanted};"
            " then actloom pull bfcl --from FOLDER",
        )
    return file


def _verify(file: Path, wheel: Wheel) -> None:
    found = _digest_of(file)
    if found != wheel.sha256:
        raise InputError(
            f"this is not the wheel of {wheel.project} {wheel.version}",
            expected=f"sha256 {wheel.sha256}",
            got=f"sha256 {found}" if found else "no file that can be read",
            where=str(file),
            todo=f"pip download --no-deps {wheel.project}=={wheel.version}",
        )


def _members(file: Path, wheel: Wheel) -> Iterator[tuple[str, bytes]]:
    """Yields the wanted files of a zip archive, bounded in size, never a path of the archive's."""
    total = 0
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not re.fullmatch(wheel.wanted, info.filename):
                continue
            total += info.file_size
            regular = not stat.S_ISLNK(info.external_attr >> 16)
            if info.file_size > _MAX_FILE or total > _MAX_TOTAL or not regular:
                raise InputError(
                    "the archive holds a member no wheel of this kind has",
                    got=f"{info.filename}, {info.file_size} bytes",
                    where=str(file),
                )
            yield info.filename, archive.read(info)


def _copied(wheel: Wheel, source: Path, fresh: Path) -> dict[str, str]:
    """Takes the wanted files of a folder in which a wheel is unpacked or installed."""
    top = wheel.project.replace("-", "_")
    for place in (source, source.parent):
        names = [p.relative_to(place).as_posix() for p in _under(place / top)]
        licence = f"{top}-{wheel.version}.dist-info/LICENSE"
        names += [licence] if (place / licence).is_file() else []
        found = {n: _digest_of(place / n) for n in names if re.fullmatch(wheel.wanted, n)}
        if files_digest(found) == wheel.files_sha256:
            return {n: _written(fresh / n, (place / n).read_bytes()) for n in found}
    if wheel.optional:
        return {}
    raise InputError(
        f"the folder does not hold the files of {wheel.project} {wheel.version}",
        expected=f"{wheel.file}, or a folder {top}/ as that wheel unpacks",
        got=f"another {top}/" if (source / top).is_dir() else f"no {top}/",
        where=str(source),
        todo=f"pip download --no-deps {wheel.project}=={wheel.version}, then --from that folder",
    )


def _under(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_FILE:
            yield path


def _written(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
