/** The page's colours as numbers, and pictures made of them. */

/** @typedef {[number, number, number]} RGB */

/** @type {Map<string, string>} */
const known = new Map();

/**
 * A colour of the style sheet as it is now, in the light or the dark: "ink", "paper", "accent", "against", "line".
 * @param {string} name
 * @returns {string}
 */
export function colour(name) {
  let value = known.get(name);
  if (!value) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(--${name})`;
    value = getComputedStyle(probe).color;
    probe.remove();
    known.set(name, value);
  }
  return value;
}

/** Whatever is painted with colours has to be painted anew: they differ now. */
export function coloursChanged() {
  known.clear();
  window.dispatchEvent(new Event("colours"));
}

/**
 * @param {string} name
 * @returns {RGB}
 */
const rgb = (name) =>
  /** @type {RGB} */ (
    colour(name)
      .match(/[\d.]+/g)
      ?.slice(0, 3)
      .map(Number)
  );

/**
 * From a number to a colour: what speaks for is blue, what speaks against orange, 0 is paper.
 * @param {number} most the number that has the full colour
 * @returns {(value: number) => RGB}
 */
export function diverging(most) {
  const [paper, plus, minus] = [rgb("paper"), rgb("accent"), rgb("against")];
  return (value) => mix(paper, value > 0 ? plus : minus, Math.min(1, Math.abs(value) / (most || 1)));
}

/**
 * From a number to ink on paper.
 * @param {number} most the number that is full ink
 * @returns {(value: number) => RGB}
 */
export function inked(most) {
  const [paper, ink] = [rgb("paper"), rgb("ink")];
  return (value) => mix(paper, ink, Math.min(1, Math.max(0, value / (most || 1))));
}

/**
 * @param {RGB} from
 * @param {RGB} to
 * @param {number} part
 * @returns {RGB}
 */
export const mix = (from, to, part) => /** @type {RGB} */ (from.map((v, i) => Math.round(v + (to[i] - v) * part)));

/** Paper, and the colours of the classes of points in the plane. */
export const classColours = () => [rgb("paper"), ...[0, 1, 2, 3, 4, 5].map((c) => rgb(`class-${c}`))];

/** @param {ArrayLike<number>} values */
export function largest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/**
 * One pixel of the canvas for each number; the style sheet makes it as large as it should be.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values row after row
 * @param {number} columns
 * @param {(value: number) => RGB} scale
 */
export function paintPixels(canvas, values, columns, scale) {
  const rows = Math.ceil(values.length / columns);
  const image = new ImageData(columns, rows);
  for (let i = 0; i < values.length; i++) {
    const [r, g, b] = scale(values[i]);
    image.data.set([r, g, b, 255], 4 * i);
  }
  Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * Images of 28 × 28 side by side.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} numbers image after image
 * @param {number} across images in a row
 * @param {(value: number) => RGB} scale
 */
export function paintTiles(canvas, numbers, across, scale) {
  const picture = new Float32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const [tile, y, x] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    picture[(Math.floor(tile / across) * 28 + y) * 28 * across + (tile % across) * 28 + x] = numbers[i];
  }
  paintPixels(canvas, picture, 28 * across, scale);
}
