"""Templates of commands and paths over the values of axes.

A template is text with fields in braces: ``{seed}`` is the value itself, ``{encoder.part}`` an attribute of the value
in the experiment's file. Attributes are templates too. In a command, a word that is a single field may be replaced by
several words or by none.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FIELD = re.compile(r"\{([A-Za-z_]\w*)(?:\.(\w+))?\}")
ESCAPED = re.compile(r"\{\{|\}\}")


class Value:
    """A value of an axis.

    Args:
        name: The value.
        attributes: Its attributes in the experiment's file.
        group: All values of the axis that one command handles together.
    """

    def __init__(self, name: object, attributes: Mapping[str, Any] | None = None, group: Sequence[object] = ()) -> None:
        self.name = str(name)
        self.attributes = dict(attributes or {})
        self.group = [str(member) for member in group] or [self.name]

    def raw(self, attribute: str) -> Any:
        """Return an attribute, before its fields are filled.

        ``number`` (the digits at the end of the value, else 0) and ``all`` (the group as a list) need no declaration.

        Raises:
            KeyError: The value has no such attribute.
        """
        if attribute in self.attributes:
            return self.attributes[attribute]
        if attribute == "number":
            digits = re.search(r"\d+$", self.name)
            return digits.group() if digits else "0"
        if attribute == "all":
            return f"[{','.join(self.group)}]"
        raise KeyError(attribute)


Scope = Mapping[str, Any]  # a Value, text, or a list of words


def fill(template: str, scope: Scope) -> str:
    """Return the text of a template.

    Raises:
        KeyError: A field is not known.
    """
    pieces, start = [], 0
    for match in re.finditer(rf"{FIELD.pattern}|{ESCAPED.pattern}", template):
        pieces.append(template[start : match.start()])
        pieces.append(match.group()[0] if match.group(1) is None else _text(match, template, scope))
        start = match.end()
    return "".join([*pieces, template[start:]])


def words(template: str, scope: Scope) -> list[str]:
    """Return the words of a command.

    Raises:
        KeyError: A field is not known.
    """
    result: list[str] = []
    for word in shlex.split(template):
        match = FIELD.fullmatch(word)
        if match is None:
            result.append(fill(word, scope))
            continue
        content = lookup(match, template, scope)
        if isinstance(content, list):
            result += content
        elif match.group(2):
            result += words(str(content), scope)
        else:
            result.append(content.name if isinstance(content, Value) else str(content))
    return result


def entries(listed: Sequence[Any], scope: Scope) -> Iterator[Any]:
    """Yield the members of a list, in which an attribute may contain several: ``[a, "{words.data}"]``.

    Raises:
        KeyError: A field is not known.
    """
    for entry in listed:
        match = FIELD.fullmatch(entry) if isinstance(entry, str) else None
        content = lookup(match, str(entry), scope) if match and match.group(2) else entry
        if isinstance(content, list):
            yield from entries(content, scope)
        elif content not in ("", None):
            yield content


def lookup(match: re.Match[str], template: str, scope: Scope) -> Any:
    """Return the content of a field, before its fields are filled.

    Raises:
        KeyError: The field is not known.
    """
    name, attribute = match.group(1), match.group(2)
    try:
        content = scope[name]
        return content.raw(attribute) if attribute else content
    except (KeyError, AttributeError):
        value = f" of {scope[name].name!r}" if isinstance(scope.get(name), Value) else ""
        raise KeyError(f"{match.group()}{value} in {template!r} is not declared") from None


def _text(match: re.Match[str], template: str, scope: Scope) -> str:
    content = lookup(match, template, scope)
    if isinstance(content, Value):
        return content.name
    if isinstance(content, list):
        return shlex.join(content)
    return fill(str(content), scope) if match.group(2) else str(content)
