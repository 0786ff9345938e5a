/** What has been drawn: strokes on a sheet whose height is 1, x counted from its middle, y from its top. */

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */
/** @typedef {{width: number, height: number, bytes: Uint8Array, onSheet: (pixels: number[]) => number[]}} Picture */

/** The pens' widths: with the one a digit of 0.7 has strokes of 2 in 20, as MNIST's have; with the other one of 0.4. */
export const BROAD = 0.075;
export const FINE = 0.042;

const DOT = 0.02; // of the sheet
const WIDE = 1.15; // times as wide as high: no digit is
const MARGIN = 0.15; // of paper around the ink in the picture
const PIXELS = 192; // the picture has for the sheet's height

/** Tells "change" to whoever listens. */
export class Drawing extends EventTarget {
  /** @type {Stroke[]} */
  strokes = [];
  pen = BROAD;

  /** @param {Point} point */
  begin(point) {
    this.set([...this.strokes, [point]]);
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

  /** @param {Stroke[]} strokes */
  set(strokes) {
    this.strokes = strokes;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} width */
  take(width) {
    this.pen = width;
    this.set(this.strokes);
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

  /** Whether there may be more digits than one: with the fine pen, or where the ink is wide. */
  get several() {
    const [left, top, right, bottom] = this.bounds();
    return this.pen === FINE || right - left > WIDE * Math.max(bottom - top, 2 * this.pen);
  }

  /**
   * The ink as grey bytes, 255 on paper 0, with a little paper around it; and where its pixels lie on the sheet.
   * @returns {Picture}
   */
  picture() {
    const bounds = this.bounds();
    const [left, top] = [bounds[0] - MARGIN, bounds[1] - MARGIN];
    const width = Math.ceil((bounds[2] + MARGIN - left) * PIXELS);
    const height = Math.ceil((bounds[3] + MARGIN - top) * PIXELS);
    const canvas = new OffscreenCanvas(width, height);
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
      canvas.getContext("2d", { willReadFrequently: true })
    );
    pen.setTransform(PIXELS, 0, 0, PIXELS, -left * PIXELS, -top * PIXELS);
    trace(pen, this.strokes, "black", this.pen);
    const { data } = pen.getImageData(0, 0, width, height);
    const bytes = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + 3]);
    return { width, height, bytes, onSheet: (pixels) => pixels.map((p, i) => p / PIXELS + (i % 2 ? top : left)) };
  }
}

/**
 * Draw the strokes, smooth through the middles between their points.
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} pen whose unit is the sheet's height
 * @param {Stroke[]} strokes
 * @param {string} colour
 * @param {number} [width]
 */
export function trace(pen, strokes, colour, width = BROAD) {
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
