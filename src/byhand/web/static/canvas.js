/** The sheet to draw on, with a mouse, a finger, a pen or the arrow keys. */

import { eachFrame } from "./dom.js";
import { colour } from "./colours.js";
import { trace } from "./drawing.js";

/** @typedef {import("./drawing.js").Drawing} Drawing */
/** @typedef {import("./drawing.js").Point} Point */

const STEP = 0.04; // of an arrow key
/** @type {Record<string, number[] | undefined>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** One canvas that shows a drawing and adds to it; several may show the same one. */
export class Sheet {
  /** @type {number[][]} boxes around what was read, and which of them is chosen */
  boxes = [];
  chosen = 0;
  /** @type {Point} */
  #pen = [0, 0.5]; // the keyboard's
  #penDown = false;
  #penShown = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Drawing} drawing
   */
  constructor(canvas, drawing) {
    this.canvas = canvas;
    this.drawing = drawing;
    this.paint = eachFrame(() => this.#paint());
    drawing.addEventListener("change", this.paint);
    new ResizeObserver(this.paint).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#hidePen());
  }

  /** @param {boolean} down whether the keyboard's pen touches the paper */
  onPen = (/** @type {boolean} */ down) => {};

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left - box.width / 2) / box.height, (event.clientY - box.top) / box.height];
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#hidePen();
    this.drawing.begin(this.#place(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.canvas.hasPointerCapture(event.pointerId)) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.drawing.extend(...(events.length ? events : [event]).map((e) => this.#place(e)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) this.#step(move, event.shiftKey ? 3 : 1);
    else if (event.key === " " || event.key === "Enter") this.#lift();
    else if (event.key === "Backspace") this.drawing.undo();
    else if (event.key === "Delete") this.drawing.clear();
    else return;
    event.preventDefault();
    this.#penShown = true;
    this.#penDown &&= !this.drawing.empty;
    this.paint();
  }

  /**
   * @param {number[]} direction
   * @param {number} steps
   */
  #step([x, y], steps) {
    const half = this.canvas.clientWidth / this.canvas.clientHeight / 2;
    const within = (/** @type {number} */ v, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(high, Math.max(low, v));
    this.#pen = [within(this.#pen[0] + x * steps * STEP, -half, half), within(this.#pen[1] + y * steps * STEP, 0, 1)];
    if (this.#penDown) this.drawing.extend(this.#pen);
  }

  #lift() {
    this.#penDown = !this.#penDown;
    if (this.#penDown) this.drawing.begin(this.#pen);
    this.onPen(this.#penDown);
  }

  #hidePen() {
    this.#penDown = this.#penShown = false;
    this.paint();
  }

  #paint() {
    const { canvas } = this;
    const scale = window.devicePixelRatio;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.setTransform(height, 0, 0, height, width / 2, 0);
    trace(pen, this.drawing.strokes, colour("ink"));
    pen.lineWidth = (1.5 * scale) / height;
    this.boxes.forEach(([left, top, right, bottom], i) => {
      pen.strokeStyle = colour(i === this.chosen ? "accent" : "line");
      pen.strokeRect(left, top, right - left, bottom - top);
    });
    if (this.#penShown) this.#cross(pen);
  }

  /** @param {CanvasRenderingContext2D} pen */
  #cross(pen) {
    const [x, y] = this.#pen;
    pen.strokeStyle = colour("accent");
    pen.beginPath();
    pen.arc(x, y, this.#penDown ? 0.02 : 0.035, 0, 2 * Math.PI);
    pen.stroke();
    if (this.#penDown) {
      pen.fillStyle = colour("accent");
      pen.fill();
    }
  }
}
