/** A photo brought along: where its digits are, how they were cut out, what they read. */

import * as api from "./api.js";
import { inked, paintPixels } from "./colours.js";
import { trace } from "./drawing.js";
import { $, chance, el } from "./dom.js";
import { t } from "./text.js";

/** @param {(sentence: string) => void} trouble */
export function startPhoto(trouble) {
  const [drop, input] = [$("#drop"), $("#photo-file")];
  const attempt = (/** @type {Promise<any>} */ work) =>
    work.then(
      () => trouble(""),
      (error) => trouble(error.message),
    );
  const take = (/** @type {File | undefined} */ file) => file && attempt(show(file));
  $("#photo-example").addEventListener("click", () => attempt(example().then(show)));
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}

/** @param {Blob} file */
async function show(file) {
  const answer = await api.read(file);
  const image = $("#photo-image");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  $("#photo").hidden = false;
  const digits = answer.lines.flatMap((/** @type {any} */ line) => line.digits);
  $("#photo-text").textContent = answer.text || "–";
  $("#photo-words").textContent = digits.length
    ? t(digits.length === 1 ? "photo.found_one" : "photo.found", { count: digits.length, time: answer.milliseconds.toFixed(0) })
    : t("photo.none");
  $("#photo-boxes").replaceChildren(...digits.map((/** @type {any} */ digit) => box(digit, answer)));
  $("#photo-digits").replaceChildren(...digits.map(cut));
}

/**
 * Two rows by somebody's hand, on paper that is lit from one side.
 * @returns {Promise<Blob>}
 */
async function example() {
  const { digits } = await api.strokes(1 + Math.floor(Math.random() * 9000));
  const canvas = new OffscreenCanvas(720, 480);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const light = pen.createLinearGradient(0, 0, 720, 480);
  light.addColorStop(0, "#f4efe2");
  light.addColorStop(1, "#b9b3a4");
  pen.fillStyle = light;
  pen.fillRect(0, 0, 720, 480);
  const rows = Array.from({ length: 2 }, () => Array.from({ length: 5 }, () => Math.floor(Math.random() * 10)));
  rows.forEach((row, down) =>
    row.forEach((digit, across) => {
      pen.setTransform(100, 0, 0, 100, 120 + 110 * across + 30 * down, 90 + 190 * down);
      trace(pen, digits[digit], "#29417a", 0.075);
    }),
  );
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * @param {any} digit
 * @param {{width: number, height: number}} photo
 */
function box({ box: [left, top, right, bottom], digit }, { width, height }) {
  const mark = el("i", {}, el("span", { textContent: digit }));
  const part = (/** @type {number} */ length, /** @type {number} */ whole) => `${(100 * length) / whole}%`;
  Object.assign(mark.style, {
    left: part(left, width),
    top: part(top, height),
    width: part(right - left, width),
    height: part(bottom - top, height),
  });
  return mark;
}

/** @param {any} digit */
function cut(digit) {
  const canvas = el("canvas", { className: "pixels", role: "img", "aria-label": t("photo.cut", { digit: digit.digit }) });
  paintPixels(canvas, api.numbers(digit.image), 28, inked(1));
  const sure = el("span", { className: "note", textContent: chance(digit.confidence) });
  return el("figure", {}, canvas, el("figcaption", {}, el("b", { textContent: digit.digit }), sure));
}
