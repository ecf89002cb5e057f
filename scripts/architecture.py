"""Draws docs/images/architecture.svg, which shows the packages and the imports between them.

python -m scripts.architecture
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import grimp
import networkx as nx

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "architecture.svg"
CORE = ("errors", "schema", "settings", "citations", "text")  # drawn as one bar: nearly all packages import them
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 140, 56, 26, 26, 16  # sizes of the boxes, gaps and margins, in pixels


def import_graph() -> nx.DiGraph[str]:
    """Return the graph of packages. An edge leads from a package to one that imports it; implied edges are omitted."""
    modules = grimp.build_graph("assistant", cache_dir=None)
    graph: nx.DiGraph[str] = nx.DiGraph()
    names = {child.split(".")[1] for child in modules.find_children("assistant")} - {*CORE, "__main__"}
    graph.add_nodes_from(sorted(names))
    for imported in sorted(names):
        for importer in sorted(names - {imported}):
            if modules.direct_import_exists(
                importer=f"assistant.{importer}", imported=f"assistant.{imported}", as_packages=True
            ):
                graph.add_edge(imported, importer)
    return nx.transitive_reduction(graph)


def place(graph: nx.DiGraph[str]) -> dict[str, tuple[int, int]]:
    """Return the column and the row of each package.

    Every package is in a column to the right of the packages that it imports. The longest chain of imports fills one
    row. Each of the other packages gets a row that is free as far as its arrows reach, so that no arrow crosses a box.
    """
    column = {name: number for number, names in enumerate(nx.topological_generations(graph)) for name in names}
    chain = nx.dag_longest_path(graph)
    rows = dict.fromkeys(chain, 0)
    reserved: dict[int, list[tuple[int, int]]] = {}
    for name in sorted(set(graph) - set(chain), key=lambda name: (column[name], name)):
        first, last = column[name], max((column[other] for other in graph.successors(name)), default=column[name])
        free = (
            row
            for row in (-1, 1, -2, 2, -3, 3, -4, 4)
            if all(last < start or end < first for start, end in reserved.get(row, []))
        )
        rows[name] = next(free)
        reserved.setdefault(rows[name], []).append((first, last))
    top = min(rows.values())
    return {name: (column[name], rows[name] - top) for name in graph}


def draw(graph: nx.DiGraph[str]) -> str:
    """Return the picture as SVG."""
    cells = place(graph)
    columns, rows = (max(cell[axis] for cell in cells.values()) + 1 for axis in (0, 1))
    corners = {
        name: (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
        for name, (column, row) in cells.items()
    }
    width = 2 * MARGIN + columns * (WIDTH + GAP_X) - GAP_X
    bottom = MARGIN + rows * (HEIGHT + GAP_Y)
    arrows = [_arrow(corners[imported], corners[importer]) for imported, importer in sorted(graph.edges)]
    boxes = [_box(name, *corners[name], WIDTH) for name in sorted(graph)]
    core = _box(" · ".join(CORE) + ": the core, which every package may import", MARGIN, bottom, width - 2 * MARGIN)
    height = bottom + HEIGHT + MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" font-family="sans-serif" '
        'font-size="20" role="img" aria-label="Packages and their imports">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#5b6472"/></marker></defs>',
        f'<rect width="{width}" height="{height:g}" rx="8" fill="#ffffff"/>',
        *arrows, *boxes, core, "</svg>", "",
    ])  # fmt: skip


def _box(label: str, x: float, y: float, width: float) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{HEIGHT}" rx="6" fill="#eef4f7" stroke="#0b4f6c"/>'
        f'<text x="{x + width / 2:g}" y="{y + HEIGHT / 2 + 7:g}" text-anchor="middle">{escape(label)}</text>'
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return an arrow that runs along the row of `start` to the gap before the column of `end`, and on to `end`."""
    (x1, y1), (x2, y2) = (start[0] + WIDTH, start[1] + HEIGHT / 2), (end[0], end[1] + HEIGHT / 2)
    turn, middle = x2 - GAP_X, x2 - GAP_X / 2
    path = f"M{x1:g} {y1:g} H{turn:g} C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return f'<path d="{path}" fill="none" stroke="#5b6472" stroke-width="1.5" marker-end="url(#head)"/>'


def main() -> None:
    """Draw the diagram and save it."""
    PICTURE.write_text(draw(import_graph()), encoding="utf-8")
    print(f"wrote {PICTURE.relative_to(PICTURE.parents[2])}")


if __name__ == "__main__":
    main()
