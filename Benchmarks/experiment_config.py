"""Configs of experiments, read by the rules of `agon`: JSON with comments, extending other files.

Nothing here knows a network or an objective. `Section` sees to it that no key goes unread: a
setting that one program obeys and the other overlooks would make their comparison worthless.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])")


class ConfigError(Exception):
    """A config that cannot be read, or that asks for what the PyTorch side does not have."""


def find(name: str) -> Path:
    """The file of a config given by its path, or as `gan/mlp` in the project's `Configs`."""
    for path in (Path(name), ROOT / "Configs" / f"{name}.json"):
        if path.is_file():
            return path
    raise ConfigError(f"{name}: no such config; expected a file, or a name such as gan/mlp")


def load(path: Path) -> dict[str, Any]:
    """The config in a file, merged over the files it extends."""
    try:
        text = path.read_text(encoding="utf-8")
        plain = _TRAILING_COMMA.sub(_keep_strings, _COMMENT.sub(_keep_strings, text))
        config = json.loads(plain)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: expected an object")
    config.pop("$schema", None)
    extends = config.pop("extends", [])
    below: Any = {}
    for base in [extends] if isinstance(extends, str) else extends:
        relative = path.parent / base
        below = merged(load(relative if relative.is_file() else find(base)), below)
    return merged(config, below)


def merged(upper: Any, lower: Any) -> Any:
    """`upper` laid over `lower`: objects key by key, all else replaced.

    A section of another `type` than the one below replaces it whole.
    """
    lower = long_form(lower)
    if not isinstance(upper, dict) or not isinstance(lower, dict):
        return upper
    if "type" in upper and "type" in lower and upper["type"] != lower["type"]:
        return upper
    result = dict(lower)
    for key, value in upper.items():
        result[key] = merged(value, lower[key]) if key in lower else value
    return result


def long_form(value: Any) -> Any:
    """A plain string as the section it is short for: `"relu"` is `{"type": "relu"}`."""
    return {"type": value} if isinstance(value, str) else value


class Section:
    """An object of a config, whose keys are to be taken one by one, all of them."""

    def __init__(self, value: Any, path: str) -> None:
        value = long_form(value)
        if not isinstance(value, dict):
            raise ConfigError(f"{path}: expected an object")
        self._values = dict(value)
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, default: Any = None) -> Any:
        """The value of a key; without a default it must be there."""
        if key not in self._values and default is None:
            raise ConfigError(f"{self.path}: '{key}' is missing")
        return self._values.pop(key, default)

    def section(self, key: str, default: Any = None) -> Section:
        return Section(self.take(key, default), f"{self.path}.{key}")

    def sections(self, key: str, default: Any = None) -> list[Section]:
        return [
            Section(value, f"{self.path}.{key}[{index}]")
            for index, value in enumerate(self.take(key, default))
        ]

    def choice(self, key: str, known: dict[str, Any], default: str | None = None) -> Any:
        """What the value of a key stands for."""
        name = self.take(key, default)
        if name not in known:
            raise ConfigError(
                f"{self.path}.{key}: '{name}' cannot be compared, only {', '.join(known)}"
            )
        return known[name]

    def ignore(self, *keys: str) -> None:
        """Passes over keys that have no bearing on a step."""
        for key in keys:
            self._values.pop(key, None)

    def finish(self) -> None:
        """Refuses the config if a key was not taken."""
        if self._values:
            raise ConfigError(f"{self.path}: cannot be compared with {', '.join(self._values)}")


def _keep_strings(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else ""
