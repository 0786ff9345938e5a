/** What has been drawn: strokes on a sheet whose height is 1, x counted from its middle, y from its top. */

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */
/** @typedef {{width: number, height: number, bytes: Uint8Array, onSheet: (pixels: number[]) => number[]}} Picture */

/** The pen's width; a digit that fills three quarters of the sheet then has strokes of 2 in 20, as MNIST's have. */
export const PEN = 0.075;

const MARGIN = 0.15; // of paper around the ink in the picture
const PIXELS = 192; // the picture has for the sheet's height

/** Tells "change" to whoever listens. */
export class Drawing extends EventTarget {
  /** @type {Stroke[]} */
  strokes = [];

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

  get empty() {
    return this.strokes.length === 0;
  }

  /**
   * The ink as grey bytes, 255 on paper 0, with a little paper around it; and where its pixels lie on the sheet.
   * @returns {Picture}
   */
  picture() {
    const points = this.strokes.flat();
    const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
    const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
    const width = Math.ceil((Math.max(...xs) + MARGIN - left) * PIXELS);
    const height = Math.ceil((Math.max(...ys) + MARGIN - top) * PIXELS);
    const canvas = new OffscreenCanvas(width, height);
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    pen.setTransform(PIXELS, 0, 0, PIXELS, -left * PIXELS, -top * PIXELS);
    trace(pen, this.strokes, "black");
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
 */
export function trace(pen, strokes, colour) {
  pen.lineWidth = PEN;
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
