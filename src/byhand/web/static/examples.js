/** Digits that are written by themselves, for those who have no free hand, and to begin with. */

import * as api from "./api.js";
import { colour } from "./colours.js";
import { trace } from "./drawing.js";
import { $, el } from "./dom.js";
import { t } from "./text.js";

/** @typedef {import("./drawing.js").Stroke} Stroke */

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const WRITING = 700; // milliseconds for a digit
const FIRST = 70; // the hand whose seven is shown first: the network doubts it a little
const ONE = 0.68; // a digit's height on the sheet

/** @param {import("./drawing.js").Drawing} drawing */
export async function startExamples(drawing) {
  let hand = 0;
  /** @type {Record<string, Stroke[]>} */
  let digits = {};
  const buttons = [..."0123456789"].map((digit) =>
    el(
      "button",
      { type: "button", "aria-label": t("draw.write", { digit }), onclick: () => write(drawing, digits[digit]) },
      el("canvas", { width: 96, height: 96 }),
    ),
  );
  $("#examples").append(...buttons);
  const paint = () => buttons.forEach((button, i) => paintExample(button.firstChild, digits[i]));
  const load = async () => {
    digits = (await api.strokes(hand)).digits;
    paint();
  };
  $("#other-hand").addEventListener("click", () => {
    hand += 1;
    load();
  });
  await load();
  window.addEventListener("colours", paint);
  if (drawing.empty) await write(drawing, (await api.strokes(FIRST)).digits[7]);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Stroke[]} strokes
 */
function paintExample(canvas, strokes) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, 96, 96);
  pen.setTransform(58, 0, 0, 58, 48, 19);
  trace(pen, strokes, colour("ink"), 0.075);
}

/**
 * Write strokes onto the sheet as a hand would, in their order; at once for those who want no motion. Whoever draws
 * meanwhile ends it.
 * @param {import("./drawing.js").Drawing} drawing
 * @param {Stroke[]} strokes as high as 1
 */
async function write(drawing, strokes) {
  /** @type {any} */
  const placed = strokes.map((stroke) => stroke.map(([x, y]) => [x * ONE, 0.5 + (y - 0.5) * ONE]));
  const total = placed.flat().length;
  const start = performance.now();
  let done = 0;
  do {
    const part = calm.matches ? 1 : Math.min(1, (performance.now() - start) / WRITING);
    done = Math.max(1, Math.round(part * total));
    const mine = first(placed, done);
    drawing.set(mine, true);
    await new Promise(requestAnimationFrame);
    if (drawing.strokes !== mine) return;
  } while (done < total);
}

/**
 * The first `count` points.
 * @param {Stroke[]} strokes
 * @param {number} count
 */
function first(strokes, count) {
  const result = [];
  for (const stroke of strokes) {
    if (count > 0) result.push(stroke.slice(0, count));
    count -= stroke.length;
  }
  return result;
}
