/** A kernel at the chosen place of a map: window · weights = products, channel by channel, and their sum. */

import * as api from "./api.js";
import { diverging, largest, paintPixels } from "./colours.js";
import { $, el, short } from "./dom.js";
import { t } from "./text.js";

const FEW = 4; // channels that are shown before one opens the others
const PAUSE = 350; // milliseconds between two places while it slides

let all = false;
/** @type {number | undefined} */
let sliding;

/**
 * The kernel of a layer as an answer of the server; null where the layer has none.
 * @param {Uint8Array} image
 * @param {any} model
 * @param {number} layer
 * @param {import("./network.js").Choice} choice
 */
export const kernelOf = (image, model, layer, { unit, row, place }) =>
  ["conv", "pool"].includes(model.layers[layer].kind)
    ? api.kernel(image, model.id, { layer, unit, row, column: place }).catch(() => null)
    : null;

/**
 * @param {any} kernel
 * @param {() => void} onNext called where the kernel shall move on
 */
export function showKernel(kernel, onNext) {
  const place = $("#kernel");
  place.hidden = !kernel;
  if (!kernel) return stop();
  const { kind, channels, bias, value, inside, name } = kernel;
  const order = [...channels].sort((a, b) => Math.abs(b.sum ?? 0) - Math.abs(a.sum ?? 0));
  const shown = all ? order : order.slice(0, FEW);
  const values = diverging(largest(channels.flatMap((/** @type {any} */ c) => c.values.flat())));
  const weights = diverging(largest(channels.flatMap((/** @type {any} */ c) => c.weights?.flat() ?? [])));
  const products = diverging(largest(channels.flatMap((/** @type {any} */ c) => product(c).flat())));
  const word = el("output", { className: "note", textContent: t("kernel.point") });
  const rows = shown.map((channel) => row(channel, inside, { values, weights, products }, word));
  const rest = order.slice(shown.length);
  const left = rest.reduce((total, channel) => total + channel.sum, 0);
  const more = rest.length
    ? [el("button", { type: "button", className: "rest", textContent: t("kernel.more", { count: rest.length, sum: short(left) }), onclick: () => { all = true; showKernel(kernel, onNext); $("#kernel-slide").focus(); } })]
    : [];
  const result = kind === "conv"
    ? `${name} = ${shown.map((channel) => bracket(channel.sum)).join(" + ")}${rest.length ? ` + ${bracket(left)}` : ""} + ${bracket(bias)} = ${short(value)}`
    : t(`kernel.${kind}`, { name, value: short(value) });
  $("#kernel-rows").replaceChildren(...rows, ...more, word);
  $("#kernel-sum").textContent = result;
  $("#kernel-slide").onclick = () => (sliding ? stop() : slide(onNext));
}

/** @param {() => void} onNext */
function slide(onNext) {
  sliding = window.setInterval(() => ($("#inside").hidden ? stop() : onNext()), PAUSE);
  $("#kernel-slide").textContent = t("kernel.stop");
}

function stop() {
  clearInterval(sliding);
  sliding = undefined;
  $("#kernel-slide").textContent = t("kernel.slide");
}

/** @param {any} channel */
const product = ({ values, weights }) => (weights ?? []).map((/** @type {number[]} */ line, /** @type {number} */ r) => line.map((w, c) => w * values[r][c]));

/**
 * One channel: three squares of numbers, and what they sum to.
 * @param {any} channel
 * @param {boolean[][]} inside which of the window's pixels lie in the image
 * @param {Record<string, any>} scales
 * @param {HTMLElement} word
 */
function row(channel, inside, scales, word) {
  const parts = product(channel);
  const tell = (/** @type {number} */ r, /** @type {number} */ c) => {
    const value = channel.values[r][c];
    word.textContent = channel.weights
      ? t("kernel.cell", { row: r, column: c, value: bracket(value), weight: bracket(channel.weights[r][c]), product: short(parts[r][c]) }) + (inside[r][c] ? "" : t("kernel.outside"))
      : t("kernel.pixel", { row: r, column: c, value: short(value) });
  };
  const square = (/** @type {number[][]} */ numbers, /** @type {any} */ scale, /** @type {string} */ label) => {
    const [height, width] = [numbers.length, numbers[0].length];
    let at = [0, 0];
    const canvas = el("canvas", { className: "pixels", tabIndex: 0, role: "img", "aria-label": `${label}: ${numbers.map((line) => line.map(short).join(" ")).join("; ")}`,
      onpointermove: (/** @type {PointerEvent} */ event) => {
        const box = canvas.getBoundingClientRect();
        at = [Math.floor(((event.clientY - box.top) / box.height) * height), Math.floor(((event.clientX - box.left) / box.width) * width)];
        if (numbers[at[0]]?.[at[1]] !== undefined) tell(at[0], at[1]);
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (!move) return;
        event.preventDefault();
        at = [Math.min(height - 1, Math.max(0, at[0] + move[0])), Math.min(width - 1, Math.max(0, at[1] + move[1]))];
        tell(at[0], at[1]);
      } });
    paintPixels(canvas, numbers.flat(), width, scale);
    return canvas;
  };
  const own = square(channel.values, scales.values, t("kernel.window", { channel: channel.channel }));
  const sign = (/** @type {string} */ text) => el("span", { textContent: text });
  return el("div", { className: "kernel-row" }, el("span", { className: "note", textContent: t("kernel.channel", { channel: channel.channel }) }), own,
    ...(channel.weights ? [sign("·"), square(channel.weights, scales.weights, t("kernel.weights")), sign("="), square(parts, scales.products, t("kernel.products")), sign(`→ ${short(channel.sum)}`)] : []));
}

/** @param {number} value */
const bracket = (value) => (value < 0 ? `(${short(value)})` : short(value));
