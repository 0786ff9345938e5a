/** The plane: what a network decides all over it, the points, and a cross that keys or a pointer move. */

import * as api from "./api.js";
import { classColours, diverging, mix, paintPixels } from "./colours.js";
import { $, short, svg } from "./dom.js";
import { t } from "./text.js";

export const EDGE = 3; // the plane goes from −3 to 3
const PAD = 26; // of the axes, in units of the picture
const SIZE = 400;
const STEP = 0.1; // of an arrow key

/** @type {Record<string, number[] | undefined>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const SHAPES = ["M0,-5A5,5 0 1 1 0,5A5,5 0 1 1 0,-5Z", "M-4.5,-4.5H4.5V4.5H-4.5Z", "M0,-6L5.5,4.5H-5.5Z", "M0,-6.5L6.5,0L0,6.5L-6.5,0Z", "M-6,-2H-2V-6H2V-2H6V2H2V6H-2V2H-6Z", "M0,6L5.5,-4.5H-5.5Z"];

/**
 * A class's mark, as a picture of its own.
 * @param {number} c
 */
export const mark = (c) => svg("svg", { class: "mark", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, shape(c, 0, 0));

/**
 * @param {number} c
 * @param {number} x
 * @param {number} y
 */
const shape = (c, x, y) => svg("path", { d: SHAPES[c], class: `point class-${c}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });

/** @param {number} v */
const across = (v) => PAD + ((v + EDGE) / (2 * EDGE)) * SIZE;
/** @param {number} v */
const down = (v) => ((EDGE - v) / (2 * EDGE)) * SIZE;

export class PlanePicture {
  /** @type {number[]} */
  cross = [0, 0];

  /**
   * @param {HTMLElement} place
   * @param {(x: number[]) => void} onPress where somebody pressed, or pressed Enter
   * @param {(x: number[]) => void} onCross where the cross is
   */
  constructor(place, onPress, onCross) {
    this.onCross = onCross;
    this.canvas = $("canvas", place);
    this.area = $("svg", place);
    this.area.setAttribute("viewBox", `0 0 ${SIZE + PAD} ${SIZE + PAD}`);
    this.area.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button === 0 && this.#move(this.#at(event))) onPress(this.cross);
    });
    this.area.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const move = ARROWS[event.key];
      const step = STEP * (event.shiftKey ? 5 : 1);
      if (move) this.#move([this.cross[0] + step * move[0], this.cross[1] + step * move[1]]);
      else if (event.key === "Enter" || event.key === " ") onPress(this.cross);
      else return;
      event.preventDefault();
    });
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.area.getScreenCTM().inverse());
    return [((point.x - PAD) / SIZE) * 2 * EDGE - EDGE, EDGE - (point.y / SIZE) * 2 * EDGE];
  }

  /** @param {number[]} to */
  #move(to) {
    if (to.some((v) => Math.abs(v) > EDGE + 1e-9)) return false;
    this.cross = to.map((v) => Math.round(100 * v) / 100);
    this.onCross(this.cross);
    return true;
  }

  /**
   * @param {number[][]} points
   * @param {string[]} axes
   */
  points(points, axes) {
    const lines = [-2, 0, 2].flatMap((v) => [
      svg("line", { class: "grid", x1: across(v), x2: across(v), y1: SIZE, y2: SIZE + 4 }),
      svg("text", { x: across(v), y: SIZE + 17, "text-anchor": "middle" }, short(v)),
      svg("line", { class: "grid", x1: PAD - 4, x2: PAD, y1: down(v), y2: down(v) }),
      svg("text", { x: PAD - 7, y: down(v) + 4, "text-anchor": "end" }, short(v)),
    ]);
    const names = [
      svg("text", { x: SIZE + PAD, y: SIZE + 17, "text-anchor": "end" }, axes[0]),
      svg("text", { x: 0, y: 14 }, axes[1]),
    ];
    const marks = points.map(([x, y, c]) => shape(c, across(x), down(y)));
    this.area.replaceChildren(
      ...lines,
      ...names,
      ...marks,
      svg("path", { class: "cross", d: "M-9,0H9M0,-9V9" }),
    );
    this.showCross();
  }

  showCross() {
    const [x, y] = this.cross;
    this.area.querySelector(".cross")?.setAttribute("transform", `translate(${across(x).toFixed(1)} ${down(y).toFixed(1)})`);
  }

  /**
   * @param {any} surface the classes' probabilities, packed
   * @param {string} words
   */
  decision(surface, words) {
    const [count, side] = surface.shape;
    const p = api.numbers(surface);
    const [paper, ...colours] = classColours();
    const pixels = Array.from({ length: side * side }, (_, i) => {
      let best = 0;
      for (let c = 1; c < count; c++) if (p[c * side * side + i] > p[best * side * side + i]) best = c;
      const sure = (p[best * side * side + i] - 1 / count) / (1 - 1 / count);
      return mix(paper, colours[best], 0.08 + 0.55 * Math.max(0, sure));
    });
    paintPixels(this.canvas, /** @type {any} */ (pixels.map((_, i) => i)), side, (i) => pixels[i]);
    this.area.setAttribute("aria-label", t("plane.picture", { words }));
  }
}

/**
 * A unit's value all over the plane.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {number} side
 * @param {number} most
 */
export const paintUnit = (canvas, values, side, most) => paintPixels(canvas, values, side, diverging(most));
