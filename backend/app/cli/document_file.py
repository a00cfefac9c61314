"""A document in a file, as a person writes it: YAML 1.2, of which JSON is a part."""

import re
from typing import Any

import yaml

from app.domain.errors import InvalidInputError

NULL, FLAG = re.compile(r"~|null|Null|NULL|"), re.compile(r"true|True|TRUE|false|False|FALSE")
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FRACTION = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def document_in(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object that a text is.

    Raises:
        InvalidInputError: it is none; the sentence says in which line.
    """
    try:
        found = yaml.load(text, Loader=_Plain)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInputError(f"{name} is neither YAML nor JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidInputError(f"{name} holds no document: it begins with `id: home`")
    return found


def as_yaml(value: object) -> str:
    """Return a JSON value as YAML that `document_in` reads back the same."""
    return yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeLoader):
    """Takes only what JSON has: no dates, no `yes` and `NO` (a country), no octal or base-60 numbers, no key twice, no aliases."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (as inherited)
        """Return the mapping, if each of its keys is a new word."""
        keys = [str(getattr(key, "value", "")) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is said twice", node.start_mark)
        found = super().construct_mapping(node, deep)
        return {str(key): value for key, value in found.items()}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; an alias could make a small file endless."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)


class _Writer(yaml.SafeDumper):
    """Quotes what `_Plain` or an older reader would take for something else, and repeats what stands twice."""

    def ignore_aliases(self, data: object) -> bool:
        """Tell that nothing is written once and pointed at."""
        return data is not None


_Plain.yaml_implicit_resolvers = {}
for kind in (_Plain, _Writer):
    for tag, pattern, firsts in (
        ("tag:yaml.org,2002:null", NULL, ["~", "n", "N", ""]),
        ("tag:yaml.org,2002:bool", FLAG, list("tTfF")),
        ("tag:yaml.org,2002:int", WHOLE, list("-+0123456789")),
        ("tag:yaml.org,2002:float", FRACTION, list("-+.0123456789")),
    ):
        kind.add_implicit_resolver(tag, re.compile(f"^(?:{pattern.pattern})$"), firsts)
