/** Line charts with axes, drawn as SVG. */

import { short, svg } from "./dom.js";
import { t } from "./text.js";

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} style a class of the style sheet: "training", "validation", "earlier"
 * @property {[number, number][]} points
 */

const WIDTH = 460;
const HEIGHT = 240;
const PAD = { left: 54, right: 14, top: 22, bottom: 38 };

/**
 * Paint the lines with their axes into `figure`.
 * @param {HTMLElement} figure
 * @param {Line[]} lines
 * @param {{x: string, y: string, title: string, far?: number, percent?: boolean}} words
 */
export function showCurves(figure, lines, words) {
  const own = lines.filter((line) => line.style !== "earlier" && line.points.length > 1);
  const points = (own.length ? own : lines).flatMap((line) => line.points).filter(([, y]) => Number.isFinite(y));
  const [low, high] = range(
    points.map((p) => p[1]),
    Boolean(words.percent),
  );
  const far = Math.max(1, words.far ?? 1, ...lines.flatMap((line) => line.points).map((p) => p[0]));
  const x = (/** @type {number} */ v) => PAD.left + (v / far) * (WIDTH - PAD.left - PAD.right);
  const y = (/** @type {number} */ v) =>
    HEIGHT - PAD.bottom - ((v - low) / (high - low)) * (HEIGHT - PAD.top - PAD.bottom);
  const label = words.percent ? (/** @type {number} */ v) => `${short(100 * v)} %` : short;
  const last = lines.map(
    (line) => `${line.name} ${line.points.length ? label(line.points.at(-1)?.[1] ?? 0) : t("curves.none")}`,
  );
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${words.title}: ${last.join(", ")}`,
  });
  for (const tick of ticks(low, high)) {
    picture.append(
      svg("line", { class: "grid", x1: PAD.left, x2: WIDTH - PAD.right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: PAD.left - 8, y: y(tick) + 4, "text-anchor": "end" }, label(tick)),
    );
  }
  for (const tick of ticks(0, far)) {
    picture.append(svg("text", { x: x(tick), y: HEIGHT - PAD.bottom + 18, "text-anchor": "middle" }, short(tick)));
  }
  picture.append(svg("text", { class: "axis", x: WIDTH - PAD.right, y: HEIGHT - 4, "text-anchor": "end" }, words.x));
  picture.append(svg("text", { class: "axis", x: 0, y: 4 }, words.y));
  const [left, top] = [PAD.left - 4, PAD.top - 4];
  const [width, height] = [WIDTH - left, HEIGHT - PAD.bottom - top + 4];
  const area = svg("svg", { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` });
  for (const line of lines) area.append(...drawn(line, x, y));
  picture.append(area);
  figure.querySelector("svg")?.remove();
  figure.append(picture);
}

/**
 * @param {Line} line
 * @param {(v: number) => number} x
 * @param {(v: number) => number} y
 */
function drawn(line, x, y) {
  const places = line.points
    .filter(([, v]) => Number.isFinite(v))
    .map((p) => `${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`);
  const parts = [svg("polyline", { class: `line ${line.style}`, points: places.join(" ") })];
  if (places.length) {
    const [cx, cy] = places[places.length - 1].split(",");
    parts.push(svg("circle", { class: `end ${line.style}`, cx, cy, r: 3 }));
  }
  return parts;
}

/**
 * From 0 up; shares that are all above a half are shown closer.
 * @param {number[]} values
 * @param {boolean} shares
 * @returns {[number, number]}
 */
function range(values, shares) {
  if (!values.length) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.1 || high / 20;
  if (!shares) return [0, high + room || 1];
  return [low < 0.5 ? 0 : low - room, Math.min(1, Math.max(0.5, high + room))];
}

/**
 * Round numbers between, four or so.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough * 0.8) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}
