"""Lays out the partner diagram: computes the positions of its boxes and lines, in pixels."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.onboarding.partners import PartnerConnection

_MAX_BOXES = 20  # a diagram with more boxes would be illegible
_WIDTH, _HEIGHT, _MARGIN, _GAP = 960, 600, 24, 22  # in pixels
_CHARACTER_WIDTH, _LINE_HEIGHT, _PADDING_X, _PADDING_Y = 9.4, 17, 20, 13  # in pixels
_MAX_LABEL_WIDTH = 20  # in characters
_MAX_SEPARATION_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class PartnerBox:
    """A box for a partner. `is_group` is true if it stands for a kind of partner, such as "patient organizations"."""

    partner_name: str
    x: float
    y: float
    width: float
    height: float
    label_lines: tuple[str, ...]
    is_group: bool


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """A line that connects two boxes. The cited sentence's number is drawn at (`number_x`, `number_y`)."""

    sentence_number: int
    x1: float
    y1: float
    x2: float
    y2: float
    number_x: float
    number_y: float


@dataclass(frozen=True, slots=True)
class PartnerDiagram:
    """A diagram of the partners. `omitted_partner_count` is the number of partners that aren't shown."""

    width: int
    height: int
    boxes: tuple[PartnerBox, ...]
    lines: tuple[ConnectionLine, ...]
    omitted_partner_count: int


def group_connections_by_sentence(connections: Sequence[PartnerConnection]) -> list[list[PartnerConnection]]:
    """Group connections that cite the same sentence. The groups are in order of their first connection."""
    groups: dict[tuple[str, int], list[PartnerConnection]] = {}
    for item in connections:
        groups.setdefault((item.citation.passage_id, item.citation.start), []).append(item)
    return list(groups.values())


def lay_out_partner_diagram(connections: Sequence[PartnerConnection]) -> PartnerDiagram:
    """Lay out the best-connected partners by the method of Kamada & Kawai (1989), then separate overlapping boxes.

    The layout is deterministic. The number of a line is the position, counted from 1, of its connection's group in the
    result of `group_connections_by_sentence`.
    """
    import networkx as nx

    counts = Counter(name for item in connections for name in (item.first_partner, item.second_partner))
    names = [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))][:_MAX_BOXES]
    graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from(
        (item.first_partner, item.second_partner)
        for item in connections
        if {item.first_partner, item.second_partner} <= set(names)
    )
    layout = nx.kamada_kawai_layout(graph) if len(names) > 1 else dict.fromkeys(names, (0.0, 0.0))
    boxes = [_make_box(name, *position) for name, position in _stretch(layout).items()]
    box_by_name = {box.partner_name: box for box in _separate(boxes)}
    lines = tuple(
        _make_line(number, box_by_name[item.first_partner], box_by_name[item.second_partner])
        for number, group in enumerate(group_connections_by_sentence(connections), 1)
        for item in group
        if item.first_partner in box_by_name and item.second_partner in box_by_name
    )
    return PartnerDiagram(_WIDTH, _HEIGHT, tuple(box_by_name.values()), lines, len(counts) - len(names))


def _stretch(layout: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    """Scale the positions so that both coordinates range from -1 to 1."""
    axes: list[list[float]] = []
    for axis in (0, 1):
        values = [float(position[axis]) for position in layout.values()]
        low, extent = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
        axes.append([2 * (value - low) / extent - 1 if extent else 0.0 for value in values])
    return dict(zip(layout, zip(*axes, strict=True), strict=True))


def _make_box(name: str, x: float, y: float) -> PartnerBox:
    """Make the box of the partner called `name` at (`x`, `y`); both coordinates range from -1 to 1."""
    lines = tuple(textwrap.wrap(name, _MAX_LABEL_WIDTH)) or (name,)
    width = _CHARACTER_WIDTH * max(map(len, lines)) + _PADDING_X
    height = _LINE_HEIGHT * len(lines) + _PADDING_Y
    left = (x + 1) / 2 * (_WIDTH - 2 * _MARGIN - width) + _MARGIN
    top = (y + 1) / 2 * (_HEIGHT - 2 * _MARGIN - height) + _MARGIN
    return PartnerBox(name, left, top, width, height, lines, not any(char.isupper() for char in name))


def _separate(boxes: list[PartnerBox]) -> list[PartnerBox]:
    """Push overlapping boxes apart until none overlap or the maximum number of rounds is reached."""
    positions = [[box.x, box.y] for box in boxes]
    for _ in range(_MAX_SEPARATION_ROUNDS):
        moved = False
        for i, first in enumerate(boxes):
            for j in range(i + 1, len(boxes)):
                moved |= _push_apart(first, boxes[j], positions[i], positions[j])
        if not moved:
            break
    return [
        PartnerBox(
            box.partner_name, round(x, 1), round(y, 1), round(box.width, 1), box.height, box.label_lines, box.is_group
        )
        for box, (x, y) in zip(boxes, positions, strict=True)
    ]


def _push_apart(
    first: PartnerBox, second: PartnerBox, first_position: list[float], second_position: list[float]
) -> bool:
    """If two boxes overlap, move them apart within the canvas by changing their positions. Returns whether they did."""
    overlap_x, overlap_y = (
        min(first_position[axis] + first_size, second_position[axis] + second_size)
        + _GAP
        - max(first_position[axis], second_position[axis])
        for axis, first_size, second_size in ((0, first.width, second.width), (1, first.height, second.height))
    )
    if overlap_x <= 0 or overlap_y <= 0:
        return False
    axis, step = (0, overlap_x / 2 + 1) if overlap_x < overlap_y * 2 else (1, overlap_y / 2 + 1)
    sign = 1 if second_position[axis] >= first_position[axis] else -1
    first_position[axis] -= sign * step
    second_position[axis] += sign * step
    for position, box in ((first_position, first), (second_position, second)):
        position[0] = min(max(position[0], _MARGIN), _WIDTH - _MARGIN - box.width)
        position[1] = min(max(position[1], _MARGIN), _HEIGHT - _MARGIN - box.height)
    return True


def _make_line(number: int, first: PartnerBox, second: PartnerBox) -> ConnectionLine:
    x1, y1 = first.x + first.width / 2, first.y + first.height / 2
    x2, y2 = second.x + second.width / 2, second.y + second.height / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return ConnectionLine(number, *(round(value, 1) for value in (x1, y1, x2, y2, x, y)))
