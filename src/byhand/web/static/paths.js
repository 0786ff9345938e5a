/** The strongest paths through a network, as lines from unit to unit. */

import { svg } from "./dom.js";

/** @typedef {{from_layer: number, from: number, to_layer: number, to: number, contribution: number}} Edge */

const THICKEST = 4.5; // pixels, of each layer's strongest

/**
 * @param {SVGElement} area
 * @param {Edge[]} edges
 * @param {(layer: number, unit: number) => number[]} centre of a unit, in pixels of the area
 */
export function drawPaths(area, edges, centre) {
  const { width, height } = area.getBoundingClientRect();
  area.setAttribute("viewBox", `0 0 ${width} ${height}`);
  /** @type {Map<number, number>} */
  const most = new Map();
  for (const { to_layer, contribution } of edges) {
    most.set(to_layer, Math.max(most.get(to_layer) ?? 0, Math.abs(contribution)));
  }
  const lines = edges.map((edge) => {
    const [x1, y1] = centre(edge.from_layer, edge.from);
    const [x2, y2] = centre(edge.to_layer, edge.to);
    const part = Math.abs(edge.contribution) / (most.get(edge.to_layer) || 1);
    const style = edge.contribution > 0 ? "plus" : "minus";
    return svg("line", { x1, y1, x2, y2, "stroke-width": Math.max(0.5, THICKEST * part).toFixed(2), class: style });
  });
  area.replaceChildren(...lines);
}
