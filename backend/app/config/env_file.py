"""`.env` as it is written: what of it cannot be understood, by file and line. No sentence repeats a value, which may be a secret."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from app.config.service import ApiSettings
from app.domain.errors import InvalidInputError

TOKENS = {f"OPTIMIZER_API__{field.upper()}": field for field in ApiSettings.model_fields if field.endswith("_token")}
"""The variables that guard the service, and the fields that they set."""
OURS, GUARDS = "OPTIMIZER_", "OPTIMIZER_API__"
MOST_BYTES = 1_000_000
ALIKE = 0.9
"""How near a name must be to a token's to be taken for a slip of the pen; HA_TOKEN and its like are far away."""
NAMED = re.compile(r"(?<![A-Za-z0-9_])OPTIMIZER_[A-Za-z0-9_]+", re.IGNORECASE)
A_NAME = re.compile(r"[A-Za-z0-9_]+")
A_LINE_OF_ITS_OWN = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that cannot be understood, in a sentence; what it stands for must not be passed over where it is ours."""

    says: str
    stops: bool


def faults(env_file: Path) -> list[Fault]:
    """Return what a file says that cannot be understood, first things first; nothing of one that is not there.

    Raises:
        InvalidInputError: nothing of it can be read.
    """
    text = _text(env_file)
    if text is None:
        return []
    bindings = [(_line(each), each) for each in parse_stream(io.StringIO(text))]
    found = [fault for line, each in bindings if (fault := _fault(f"{env_file}, line {line}", line, each)) is not None]
    return [*found, *_twice(env_file, bindings)]


def lost_tokens(api: ApiSettings, written: Mapping[str, object]) -> list[str]:
    """Return the tokens that somebody wrote, blank or not, and that guard nothing."""
    names = {name.upper() for name in written}
    return [name for name, field in TOKENS.items() if name in names and getattr(api, field) is None]


def misspelt_tokens(names: Iterable[str]) -> Iterator[str]:
    """Yield a complaint for each name that is nearly a token's: it would guard nothing."""
    for name in names:
        upper = name.upper()
        meant = get_close_matches(upper, TOKENS, n=1, cutoff=ALIKE)
        if meant and upper not in TOKENS:
            yield f"{name}: there is no such variable; did you mean {meant[0]}?"


def _text(env_file: Path) -> str | None:
    """Return the file's text; None where there is no file."""
    try:
        if env_file.is_dir():
            raise InvalidInputError(f"{env_file} is a folder: put the file there that the settings stand in, or nothing")
        raw = env_file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInputError(f"{env_file} cannot be read: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise InvalidInputError(f"{env_file} is larger than {MOST_BYTES} bytes: that is no file of settings")
    try:
        return re.sub(r"\r\n?", "\n", raw.decode())  # as a text file is opened
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"{env_file}, line {line}: this is not UTF-8; save the file as UTF-8 in the editor") from error


def _line(binding: Binding) -> int:
    """Return the line that a binding begins in, without the empty ones before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _fault(where: str, line: int, binding: Binding) -> Fault | None:
    text = binding.original.string.strip()
    if binding.error or (binding.key is not None and binding.value is None):
        named = list(dict.fromkeys(each.upper() for each in NAMED.findall(text)))
        lost = f"; {', '.join(named)} cannot be told from it" if named else ""
        return Fault(says=f"{where}: {_why(text)}{lost}", stops=bool(named))
    if binding.key is not None and NAMED.search(binding.key) and not A_NAME.fullmatch(binding.key):
        return Fault(says=f"{where}: {binding.key!r} has a character that belongs into no name", stops=True)
    swallowed = A_LINE_OF_ITS_OWN.findall(binding.value or "") if "\n" in (binding.value or "") else []
    if not swallowed:
        return None
    ends = line + text.count("\n")
    says = f"{where}: the quote is not closed before line {ends}, so that {', '.join(swallowed)} became a part of {binding.key}"
    return Fault(says=says, stops=any(name.upper().startswith(OURS) for name in (*swallowed, str(binding.key))))


def _why(text: str) -> str:
    name, equals, value = text.partition("\n")[0].partition("=")
    if not equals:
        return "there is no = in it"
    quote = value.lstrip()[:1]
    if quote not in {"'", '"'} or not name.strip():
        return "it is not NAME=value"
    return "the quote is not closed" if value.count(quote) == 1 else "something stands after the closing quote"


def _twice(env_file: Path, bindings: list[tuple[int, Binding]]) -> Iterator[Fault]:
    """Yield a fault for each name that stands there again; of what guards the service it must be clear which one holds."""
    first: dict[str, tuple[int, str | None]] = {}
    for line, each in bindings:
        if each.key is None or each.value is None:
            continue
        name = each.key.upper()
        if name in first:
            before, value = first[name]
            is_doubtful = name.startswith(GUARDS) and value != each.value
            holds = "say it once" if is_doubtful else "the last one holds"
            yield Fault(says=f"{env_file}, line {line}: {name} stands in line {before} already; {holds}", stops=is_doubtful)
        first[name] = line, each.value
