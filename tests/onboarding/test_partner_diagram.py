from __future__ import annotations

from assistant.onboarding.introduction import Introduction
from assistant.onboarding.partner_diagram import PartnerDiagram, group_connections_by_sentence, lay_out_partner_diagram
from assistant.onboarding.partners import PartnerConnection
from tests.onboarding.conftest import citation

HUB = [PartnerConnection("Hub", f"Name {number}", False, citation()) for number in range(40)]


def test_every_connection_has_a_numbered_line(weather_introduction: Introduction) -> None:
    connections = weather_introduction.partner_connections
    diagram = lay_out_partner_diagram(connections)
    assert len(diagram.lines) == len(connections)
    assert {line.sentence_number for line in diagram.lines} == set(
        range(1, len(group_connections_by_sentence(connections)) + 1)
    )


def check_layout(diagram: PartnerDiagram) -> None:
    """Check that every box lies within the canvas and that no two boxes overlap."""
    for number, box in enumerate(diagram.boxes):
        assert 0 <= box.x <= diagram.width - box.width
        assert 0 <= box.y <= diagram.height - box.height
        for other in diagram.boxes[number + 1 :]:
            apart_x = box.x + box.width <= other.x or other.x + other.width <= box.x
            assert apart_x or box.y + box.height <= other.y or other.y + other.height <= box.y


def test_boxes_stay_on_the_canvas_without_overlap(weather_introduction: Introduction) -> None:
    diagram = lay_out_partner_diagram(weather_introduction.partner_connections)
    assert len(diagram.boxes) > 3
    check_layout(diagram)


def test_overlapping_boxes_are_pushed_apart() -> None:
    names = [f"National Institute of Weather and Rain number {number}" for number in range(9)]
    pairs = [(first, second) for first in names for second in names if first < second]
    diagram = lay_out_partner_diagram([PartnerConnection(first, second, True, citation()) for first, second in pairs])
    assert len(diagram.boxes) == 9
    check_layout(diagram)


def test_layout_is_deterministic(weather_introduction: Introduction) -> None:
    assert lay_out_partner_diagram(weather_introduction.partner_connections) == lay_out_partner_diagram(
        weather_introduction.partner_connections
    )


def test_diagram_shows_the_names_with_the_most_connections() -> None:
    diagram = lay_out_partner_diagram(HUB)
    assert (len(diagram.boxes), diagram.omitted_partner_count) == (20, 21)
    assert "Hub" in {box.partner_name for box in diagram.boxes}


def test_diagram_without_connections_is_empty() -> None:
    diagram = lay_out_partner_diagram([])
    assert (diagram.boxes, diagram.lines, diagram.omitted_partner_count) == ((), (), 0)


def test_lines_join_the_centres_of_their_boxes() -> None:
    diagram = lay_out_partner_diagram([PartnerConnection("Hub", "farmers", True, citation())])
    [line] = diagram.lines
    first, second = diagram.boxes
    assert (line.x1, line.y1) == (first.x + first.width / 2, first.y + first.height / 2)
    assert (line.x2, line.y2) == (second.x + second.width / 2, second.y + second.height / 2)


def test_long_names_are_wrapped_and_groups_are_marked() -> None:
    name = "National Institute of Weather and Rain"
    boxes = {
        box.partner_name: box
        for box in lay_out_partner_diagram([PartnerConnection(name, "farmers", True, citation())]).boxes
    }
    assert boxes[name].label_lines == ("National Institute", "of Weather and Rain")
    assert boxes[name].height > boxes["farmers"].height
    assert (boxes[name].is_group, boxes["farmers"].is_group) == (False, True)


def test_connections_are_grouped_by_sentence() -> None:
    first, second = citation(start=0), citation(start=50)
    a, b, c = (
        PartnerConnection("A", name, True, source) for name, source in (("B", first), ("C", second), ("D", first))
    )  # fmt: skip
    assert group_connections_by_sentence([a, b, c]) == [[a, c], [b]]
