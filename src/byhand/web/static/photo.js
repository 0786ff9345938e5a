/** A photo brought along: where its digits are, how they were cut out, what they read. */

import * as api from "./api.js";
import { inked, paintPixels } from "./colours.js";
import { $, chance, el } from "./dom.js";

/** @param {(sentence: string) => void} trouble */
export function startPhoto(trouble) {
  const [drop, input] = [$("#drop"), $("#photo-file")];
  const take = (/** @type {File | undefined} */ file) => file && show(file).catch((error) => trouble(error.message));
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

/** @param {File} file */
async function show(file) {
  const answer = await api.read(file);
  const image = $("#photo-image");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  $("#photo").hidden = false;
  const digits = answer.lines.flatMap((/** @type {any} */ line) => line.digits);
  $("#photo-text").textContent = answer.text || "–";
  $("#photo-words").textContent = digits.length
    ? `${digits.length === 1 ? "One digit" : `${digits.length} digits`} found in ${answer.milliseconds.toFixed(0)} ms. Each was cut out, fitted into 20 × 20 pixels and set into 28 × 28, as MNIST’s were.`
    : "No digits found. Is the writing larger than a few pixels, and darker or lighter than the paper?";
  const boxes = [...answer.lines.filter((/** @type {any} */ line) => line.digits.length > 1), ...digits].filter((found) => found.box);
  $("#photo-boxes").replaceChildren(...boxes.map((found) => box(found, answer)));
  $("#photo-digits").replaceChildren(...digits.map(cut));
}

/**
 * @param {any} found a line, or a digit
 * @param {{width: number, height: number}} photo
 */
function box({ box: [left, top, right, bottom], digit }, { width, height }) {
  const mark = el("i", { className: digit === undefined ? "line" : "" });
  const part = (/** @type {number} */ length, /** @type {number} */ whole) => `${(100 * length) / whole}%`;
  Object.assign(mark.style, {
    left: part(left, width),
    top: part(top, height),
    width: part(right - left, width),
    height: part(bottom - top, height),
  });
  if (digit !== undefined) mark.append(el("span", { textContent: digit }));
  return mark;
}

/** @param {any} digit */
function cut(digit) {
  const canvas = el("canvas", { className: "pixels", role: "img", "aria-label": `What was cut out as ${digit.digit}` });
  if (digit.image) paintPixels(canvas, api.numbers(digit.image), 28, inked(1));
  return el("figure", {}, canvas, el("figcaption", {}, el("b", { textContent: digit.digit }), ` ${chance(digit.confidence)}`));
}
