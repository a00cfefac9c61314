"""What is installed is what was locked: every package by its hash, every base image by a digest once somebody asked for it."""

import re
import shutil
from pathlib import Path

import pytest

import pin_images
from pin_images import FILES, ROOT, images, write

LOCKS = ("backend/requirements.txt", "backend/build.txt", "tests/requirements.txt", ".github/supply.txt")
PACKAGE = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?)==(?P<version>\S+)(?P<marker> ; .+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
NOTE = re.compile(r"^    #")
type Lock = dict[str, tuple[str, frozenset[str]]]


def lock(file: str) -> Lock:
    """Return each package of a lock with its pin and its hashes; a line that is neither fails."""
    found: dict[str, tuple[str, set[str]]] = {}
    hashes: set[str] = set()
    for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
        if package := PACKAGE.match(line):
            hashes = set()
            found[package["name"]] = (package["version"] + (package["marker"] or ""), hashes)
        elif HASH.match(line):
            hashes.add(line.split(":")[1].removesuffix(" \\"))
        else:
            assert NOTE.match(line), f"{file}, line {number}: {line}"
    return {name: (pin, frozenset(of_it)) for name, (pin, of_it) in found.items()}


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_has_a_hash_for_every_package_and_names_no_place_to_get_it_from(file: str) -> None:
    found = lock(file)
    assert found
    assert [name for name, (_, hashes) in found.items() if not hashes] == []


def test_the_locks_agree_where_they_overlap() -> None:
    service, tests = lock("backend/requirements.txt"), lock("tests/requirements.txt")
    assert service.keys() <= tests.keys()
    assert {name: tests[name] for name in service} == service


@pytest.mark.parametrize("file", ["Makefile", "backend/Dockerfile", ".github/workflows/supply.yml"])
def test_nothing_is_installed_that_is_not_locked(file: str) -> None:
    text = (ROOT / file).read_text().replace("$(INSTALL)", "pip install --require-hashes -r")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert installs
    assert [
        line for line in installs if "--require-hashes" not in line and not {"--no-deps", "--no-build-isolation"} <= set(line.split())
    ] == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Our files that name base images, elsewhere."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, tmp_path / file)
    write(lambda _: None, tmp_path)
    return tmp_path


def test_every_base_image_is_found(copy: Path) -> None:
    named = {each.name for each in images(copy)}
    assert named == {"python", "node", "mariadb", "eclipse-mosquitto"}
    text = "".join((copy / file).read_text() for file in FILES)
    started = set(re.findall(r"^(?:FROM (\S+?):|ARG ([A-Z]+)=| +image: ([\w./-]+):)", text, re.MULTILINE))
    assert {next(filter(None, each)).lower() for each in started} == named, "nothing starts from an image that is not pinned"


def test_digests_are_written_beside_the_tags_renewed_and_taken_out_again(copy: Path) -> None:
    before = {file: (copy / file).read_text() for file in FILES}
    for digit in "ab":
        write(lambda each: f"sha256:{digit}{len(each.name):063x}", copy)  # noqa: B023  (called at once)
        assert {each.digest for each in images(copy)} == {f"sha256:{digit}{len(each.name):063x}" for each in images(copy)}
    assert f"ARG PYTHON={pin_images.tag_of('python')}@sha256:b{6:063x}\n" in (copy / "backend/Dockerfile").read_text()
    assert f"image: mariadb:{pin_images.tag_of('mariadb')}@sha256:b{7:063x}\n" in (copy / "docker-compose.yml").read_text()

    write(lambda _: None, copy)
    assert {file: (copy / file).read_text() for file in FILES} == before


def test_where_one_image_is_not_known_nothing_is_written(copy: Path) -> None:
    before = {file: (copy / file).read_text() for file in FILES}

    def answers(image: pin_images.Image) -> str:
        if image.name == "eclipse-mosquitto":
            raise SystemExit("the registry is away")
        return "sha256:" + "a" * 64

    with pytest.raises(SystemExit):
        write(answers, copy)
    assert {file: (copy / file).read_text() for file in FILES} == before


def test_without_docker_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="there is no docker"):
        pin_images.asked(images()[0])
