"""The broker's log: logfmt lines in a file that grows."""

import re
from pathlib import Path

FIELD = re.compile(r'([\w-]+)=("(?:[^"\\]|\\.)*"|\S*)')

Event = dict[str, str]


def parse(line: str) -> Event:
    """The fields of one line; the values of a repeated key are joined with commas."""
    event: Event = {}
    for key, value in FIELD.findall(line):
        value = value[1:-1] if value.startswith('"') else value
        event[key] = f"{event[key]},{value}" if key in event else value
    return event


class Log:
    def __init__(self, path: Path):
        self.path = path
        self.lines: list[str] = []
        self._events: list[Event] = []
        self._offset = 0

    def events(self) -> list[Event]:
        """All events so far, oldest first."""
        with open(self.path, "rb") as file:
            file.seek(self._offset)
            new = file.read()
        new = new[:new.rfind(b"\n") + 1]
        self._offset += len(new)
        for line in new.decode().splitlines():
            self.lines.append(line)
            self._events.append(parse(line))
        return self._events

    def matching(self, start: int = 0, **fields: str) -> list[Event]:
        """The events from index `start` on that have these fields."""
        return [event for event in self.events()[start:] if fields.items() <= event.items()]

    def tail(self) -> str:
        self.events()
        return "\n".join(self.lines[-20:])
