"""The picture of who works with whom: where its boxes and lines stand."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.onboarding.partners import Connection

_MOST = 20  # boxes that can be told apart in one picture
_WIDTH, _HEIGHT, _MARGIN = 960, 600, 24
_LINE = 20  # characters of a label before it is broken
_LETTER, _LINE_HEIGHT, _GAP = 9.4, 17, 22  # pixels


@dataclass(frozen=True, slots=True)
class Box:
    """A name with its place in pixels; `group` for one in lower case, a kind of partners."""

    name: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    group: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A connection: its ends, and where its number in the list stands."""

    number: int
    x1: float
    y1: float
    x2: float
    y2: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes and lines on a plane of `width` times `height` pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int


def group_by_sentence(connections: Sequence[Connection]) -> list[list[Connection]]:
    """Connections that one sentence makes together, in the order of the first of each."""
    groups: dict[tuple[str, int], list[Connection]] = {}
    for item in connections:
        groups.setdefault((item.citation.passage_id, item.citation.start), []).append(item)
    return list(groups.values())


def draw_diagram(connections: Sequence[Connection]) -> Diagram:
    """Place those with most connections (Kamada & Kawai 1989), apart from each other; always in the same way.

    The number of a line is that of its sentence in `group_by_sentence`.
    """
    import networkx as nx

    counts = Counter(name for item in connections for name in (item.first, item.second))
    names = [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))][:_MOST]
    graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from((item.first, item.second) for item in connections if {item.first, item.second} <= set(names))
    places = nx.kamada_kawai_layout(graph) if len(names) > 1 else dict.fromkeys(names, (0.0, 0.0))
    boxes = {box.name: box for box in _separate([_box(name, *place) for name, place in _fit_to_canvas(places).items()])}
    lines = tuple(
        _line(number, boxes[item.first], boxes[item.second])
        for number, group in enumerate(group_by_sentence(connections), 1)
        for item in group
        if item.first in boxes and item.second in boxes
    )
    return Diagram(_WIDTH, _HEIGHT, tuple(boxes.values()), lines, len(counts) - len(names))


def _fit_to_canvas(places: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    """Places that use the whole plane, -1 to 1 in both directions."""
    stretched: list[list[float]] = []
    for axis in (0, 1):
        values = [float(place[axis]) for place in places.values()]
        low, wide = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
        stretched.append([2 * (value - low) / wide - 1 if wide else 0.0 for value in values])
    return dict(zip(places, zip(*stretched, strict=True), strict=True))


def _box(name: str, x: float, y: float) -> Box:
    lines = tuple(textwrap.wrap(name, _LINE)) or (name,)
    width, height = _LETTER * max(map(len, lines)) + 20, _LINE_HEIGHT * len(lines) + 13
    left = (x + 1) / 2 * (_WIDTH - 2 * _MARGIN - width) + _MARGIN
    top = (y + 1) / 2 * (_HEIGHT - 2 * _MARGIN - height) + _MARGIN
    return Box(name, left, top, width, height, lines, not any(char.isupper() for char in name))


def _separate(boxes: list[Box]) -> list[Box]:
    """Boxes pushed away from each other, along the shorter way, until none covers another."""
    places = [[box.x, box.y] for box in boxes]
    for _ in range(200):
        moved = False
        for one, first in enumerate(boxes):
            for two in range(one + 1, len(boxes)):
                second = boxes[two]
                over_x = min(places[one][0] + first.width, places[two][0] + second.width) + _GAP - max(
                    places[one][0], places[two][0])  # fmt: skip
                over_y = min(places[one][1] + first.height, places[two][1] + second.height) + _GAP - max(
                    places[one][1], places[two][1])  # fmt: skip
                if over_x <= 0 or over_y <= 0:
                    continue
                moved = True
                axis, step = (0, over_x / 2 + 1) if over_x < over_y * 2 else (1, over_y / 2 + 1)
                sign = 1 if places[two][axis] >= places[one][axis] else -1
                places[one][axis] -= sign * step
                places[two][axis] += sign * step
                for at, box in ((one, first), (two, second)):
                    places[at][0] = min(max(places[at][0], _MARGIN), _WIDTH - _MARGIN - box.width)
                    places[at][1] = min(max(places[at][1], _MARGIN), _HEIGHT - _MARGIN - box.height)
        if not moved:
            break
    return [
        Box(box.name, round(x, 1), round(y, 1), round(box.width, 1), box.height, box.lines, box.group)
        for box, (x, y) in zip(boxes, places, strict=True)
    ]


def _line(number: int, first: Box, second: Box) -> Line:
    x1, y1 = first.x + first.width / 2, first.y + first.height / 2
    x2, y2 = second.x + second.width / 2, second.y + second.height / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return Line(number, *(round(value, 1) for value in (x1, y1, x2, y2, x, y)))
