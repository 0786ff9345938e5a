/** What has been drawn: strokes on a sheet whose height is 1, x counted from its middle, y from its top. */

import { store, stored } from "./dom.js";

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */
/** @typedef {{width: number, height: number, bytes: Uint8Array, onSheet: (pixels: number[]) => number[]}} Picture */

export const PEN = 0.055; // of the sheet's height: how broad strokes are shown

const STROKE = 0.107; // of a digit's height: how broad the networks see them, 2 in 20 as MNIST's
const DOT = 0.02; // of the sheet
const MARGIN = 0.22; // of a digit's height: paper around the ink in the picture
const HIGH = 134; // pixels of a digit in the picture
const MOST = 2400; // pixels of a side of the picture
const KEPT = "byhand-drawing"; // in the browser's storage

/** @typedef {[number, number, number, number]} Box left, top, right, bottom */

/** Tells "change" to whoever listens. */
export class Drawing extends EventTarget {
  /** @type {Stroke[]} */
  strokes = [];
  /** whether the page has written it: the first touch of a pen clears it */
  example = false;

  /** @param {Point} point */
  begin(point) {
    this.set([...(this.example ? [] : this.strokes), [point]]);
  }

  /** @param {Point[]} points */
  extend(...points) {
    this.strokes.at(-1)?.push(...points);
    this.set(this.strokes);
  }

  undo() {
    this.set(this.strokes.slice(0, -1));
  }

  clear() {
    this.set([]);
  }

  /**
   * @param {Stroke[]} strokes
   * @param {boolean} [example]
   */
  set(strokes, example = false) {
    this.strokes = strokes;
    this.example = example;
    this.dispatchEvent(new Event("change"));
  }

  /** Keep it in the browser, so that it is there when the page is loaded again. */
  keep() {
    const rounded = this.strokes.map((stroke) => stroke.map((point) => point.map((x) => Number(x.toFixed(4)))));
    store(KEPT, this.example || this.empty ? null : rounded);
  }

  /** What was drawn before the page was loaded; whether there was anything. */
  restore() {
    const strokes = stored(KEPT);
    if (Array.isArray(strokes) && strokes.length) this.set(strokes);
    return !this.empty;
  }

  get empty() {
    return this.strokes.length === 0;
  }

  /** Where the pen has been: left, top, right, bottom. */
  bounds() {
    const points = this.strokes.flat();
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }

  /** Whether there is no more than a dot, which is no digit. */
  get dot() {
    const [left, top, right, bottom] = this.bounds();
    return right - left < DOT && bottom - top < DOT;
  }

  /** How high a digit is: of the pieces that hang together the middle one's height. */
  get size() {
    const sizes = pieces(this.strokes)
      .map(([left, top, right, bottom]) => Math.max(bottom - top, (right - left) / 2, DOT))
      .sort((a, b) => a - b);
    return sizes[Math.floor(sizes.length / 2)];
  }

  /**
   * The ink as grey bytes, 255 on paper 0, with a little paper around it; and where its pixels lie on the sheet. Whatever
   * its size, a digit has the same number of pixels and the same proportions: the pen is as broad as fits its height.
   * @returns {Picture}
   */
  picture() {
    const [bounds, size] = [this.bounds(), this.size];
    const margin = MARGIN * size;
    const [left, top] = [bounds[0] - margin, bounds[1] - margin];
    const [across, down] = [bounds[2] + margin - left, bounds[3] + margin - top];
    const scale = Math.min(HIGH / size, MOST / Math.max(across, down));
    const [width, height] = [Math.ceil(across * scale), Math.ceil(down * scale)];
    const canvas = new OffscreenCanvas(width, height);
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
      canvas.getContext("2d", { willReadFrequently: true })
    );
    pen.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    trace(pen, this.strokes, "black", STROKE * size);
    const { data } = pen.getImageData(0, 0, width, height);
    const bytes = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + 3]);
    return { width, height, bytes, onSheet: (pixels) => pixels.map((p, i) => p / scale + (i % 2 ? top : left)) };
  }
}

/**
 * The boxes of what hangs together.
 * @param {Stroke[]} strokes
 * @returns {Box[]}
 */
function pieces(strokes) {
  /** @type {Box[]} */
  const found = [];
  for (const stroke of strokes) {
    const [xs, ys] = [stroke.map((p) => p[0]), stroke.map((p) => p[1])];
    /** @type {Box} */
    let box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    for (let i = found.length - 1; i >= 0; i--) {
      const [a, b] = [box, found[i]];
      const near = DOT;
      if (a[0] > b[2] + near || b[0] > a[2] + near || a[1] > b[3] + near || b[1] > a[3] + near) continue;
      box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
      found.splice(i, 1);
      i = found.length;
    }
    found.push(box);
  }
  return found;
}

/**
 * Draw the strokes, smooth through the middles between their points.
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} pen whose unit is the sheet's height
 * @param {Stroke[]} strokes
 * @param {string} colour
 * @param {number} [width]
 */
export function trace(pen, strokes, colour, width = PEN) {
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = colour;
  for (const stroke of strokes) {
    pen.beginPath();
    pen.moveTo(...stroke[0]);
    for (let i = 1; i < stroke.length - 1; i++) {
      const [[x, y], [nextX, nextY]] = [stroke[i], stroke[i + 1]];
      pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    pen.lineTo(...stroke[stroke.length - 1]);
    pen.stroke();
  }
}
