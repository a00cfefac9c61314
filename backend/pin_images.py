"""Writes into the Dockerfiles and the compose file which base images exactly they start from: `tag@sha256:…` in place of the tag alone.

python3 backend/pin_images.py          asks Docker what each tag is today, and writes that: the first time, and to renew it
python3 backend/pin_images.py --tags   takes the digests out again
"""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("backend/Dockerfile", "nodered/Dockerfile", "docker-compose.yml")
NAMED = (
    re.compile(r"^ARG (?P<image>[A-Z]+)=(?P<tag>[\w.-]+)(?P<digest>@sha256:[0-9a-f]{64})?$", re.MULTILINE),
    re.compile(r"^ +image: (?P<image>[\w./-]+):(?P<tag>[\w.-]+)(?P<digest>@sha256:[0-9a-f]{64})?$", re.MULTILINE),
)
"""`ARG PYTHON=3.13-slim` stands for `python:3.13-slim`."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Image:
    """A base image as a file names it."""

    file: str
    name: str
    tag: str
    digest: str | None

    @property
    def reference(self) -> str:
        """The name that a registry knows."""
        return f"{self.name}:{self.tag}"


def images(root: Path = ROOT) -> list[Image]:
    """Return every base image that our files name."""
    found = [(file, each) for file in FILES for pattern in NAMED for each in pattern.finditer((root / file).read_text())]
    return [Image(file, each["image"].lower(), each["tag"], each["digest"] and each["digest"][1:]) for file, each in found]


def tag_of(name: str) -> str:
    """Return the tag of a base image."""
    return next(each.tag for each in images() if each.name == name)


def write(digest_of: Callable[[Image], str | None], root: Path = ROOT) -> None:
    """Write each image's digest, or none, beside its tag. All are known before the first is written."""
    known = {each.reference: digest_of(each) for each in images(root)}

    def named(found: re.Match[str]) -> str:
        tag_ends, digest = found.end("tag") - found.start(), known[f"{found['image'].lower()}:{found['tag']}"]
        return found[0][:tag_ends] + (f"@{digest}" if digest else "")

    for file in FILES:
        text = (root / file).read_text()
        for pattern in NAMED:
            text = pattern.sub(named, text)
        (root / file).write_text(text)


def asked(image: Image) -> str:
    """Return what a tag is today, for every kind of machine, by Docker's own client.

    Raises:
        SystemExit: there is no Docker with buildx, or the registry does not answer.
    """
    command = ["docker", "buildx", "imagetools", "inspect", image.reference, "--format", "{{.Manifest.Digest}}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own words
    except FileNotFoundError:
        raise SystemExit("there is no docker: install it with its plugin buildx") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{image.reference}: docker says: {error.stderr.strip()}") from error
    if not DIGEST.fullmatch(told):
        raise SystemExit(f"{image.reference}: docker says {told!r}, which is no digest")
    return told


def main() -> None:
    """Pin, or take the pins out; say what is written now."""
    write((lambda _: None) if sys.argv[1:] == ["--tags"] else asked)
    for each in images():
        sys.stdout.write(f"{each.file}: {each.reference} {each.digest or 'as the tag is that day'}\n")


if __name__ == "__main__":
    main()
