"""What the host asks of the cage, and what the cage says it closed off."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CLOSED_FILE = "cage.json"
METHODS = ("namespaces", "landlock")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be closed. Paths are absolute.

    `folder`: the scratch folder, always writable. `layered`: folders in which the script may write without anything being
    changed. `write`: folders that are opened for good. `network`: leave the network open. `connected`: the command's processes
    speak to one another over loopback. `disk`: bytes for what is written. `methods`: what is tried, in this order.
    """

    folder: str
    layered: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    network: bool = False
    connected: bool = False
    disk: int = 1 << 30
    methods: tuple[str, ...] = METHODS

    def to_json(self) -> str:
        """The plan as one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Plan:
        """The plan that `to_json` wrote."""
        values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in json.loads(text).items()}
        return Plan(**values)


@dataclass(frozen=True, slots=True)
class Closed:
    """What was closed: `files` is "layered", "refused" (writing raises an error) or "open"; `network` "none" or "open".

    `left` says in words what stayed open though it was to be closed, and why.
    """

    files: str = "open"
    network: str = "open"
    left: tuple[str, ...] = ()

    def write(self, folder: str) -> None:
        """Leave it for the host."""
        (Path(folder) / CLOSED_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_closed(folder: Path) -> Closed:
    """What the cage closed; nothing if it left no word."""
    try:
        values = json.loads((folder / CLOSED_FILE).read_text(encoding="utf-8"))
        return Closed(str(values["files"]), str(values["network"]), tuple(str(one) for one in values["left"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Closed()
