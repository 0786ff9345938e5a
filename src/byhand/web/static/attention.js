/** What the heads of a transformer look at in the drawing: a picture for each head, and one weight's equations. */

import * as api from "./api.js";
import { colour, inked, mix } from "./colours.js";
import { $, el, percent } from "./dom.js";
import { equation } from "./equation.js";
import { t } from "./text.js";

/** @typedef {{layer: number, head: number, query: number, key?: number}} Look */

/** @type {Look} */
let look = { layer: 0, head: 0, query: 0 };
let asked = 0; // the latest question; answers to earlier ones come too late
let shown = ""; // the network whose places these are

/**
 * @param {any} seen an answer of /api/look
 * @param {any} model
 */
export async function showAttention(seen, model) {
  const place = $("#attention");
  const mine = ++asked;
  if (!model.inside?.includes("attention")) {
    place.hidden = true;
    return;
  }
  if (model.id !== shown) [look, shown] = [{ layer: 0, head: 0, query: 0 }, model.id];
  const image = api.bytes(seen.image);
  const found = await api.attention(image, model.id, look);
  if (mine !== asked) return;
  const focused = /** @type {HTMLElement} */ (document.activeElement)?.id;
  look = { layer: found.layer, head: found.head, query: found.query, key: look.key };
  const again = (/** @type {Partial<Look>} */ change) => {
    look = { ...look, key: undefined, ...change };
    showAttention(seen, model);
  };
  place.hidden = false;
  place.replaceChildren(
    el("h2", { textContent: t("attention.title") }),
    el("p", { className: "note", textContent: t("attention.about") }),
    el("div", { className: "attention" }, asking(found, image, again), heads(found, image, again)),
    el("h3", { textContent: t("attention.weight", { layer: found.layer + 1, head: found.head + 1, query: named(found, found.query), key: named(found, found.key), share: percent(found.weights[found.key]) }) }),
    el("div", { className: "equation" }, ...found.equations.map((/** @type {any} */ one) => equation(one))),
  );
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * A step in words.
 * @param {any} found
 * @param {number} step
 */
function named({ grid, token }, step) {
  if (token && !step) return t("attention.token");
  const at = step - (token ? 1 : 0);
  return grid[1] === 1 ? t("attention.line", { row: at }) : t("attention.patch", { row: Math.floor(at / grid[1]), column: at % grid[1] });
}

/**
 * The drawing in its patches, of which one asks.
 * @param {any} found
 * @param {Uint8Array} image
 * @param {(change: Partial<Look>) => void} again
 */
function asking(found, image, again) {
  const { grid: [down, across], token, query, steps } = found;
  const canvas = el("canvas", {
    id: "attention-query", className: "pixels", tabIndex: 0, role: "slider",
    "aria-label": t("attention.query"), "aria-valuemin": 0, "aria-valuemax": steps - 1, "aria-valuenow": query, "aria-valuetext": named(found, query),
    onclick: (/** @type {PointerEvent} */ event) => again({ query: stepAt(found, event) }),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
      if (!move) return;
      event.preventDefault();
      again({ query: Math.min(steps - 1, Math.max(0, query + move)) });
    },
  });
  paint(canvas, image, found, null, query);
  const button = token ? [el("button", { id: "attention-token", type: "button", "aria-pressed": String(!query), textContent: t("attention.token"), onclick: () => again({ query: 0 }) })] : [];
  return el("figure", {}, el("figcaption", { textContent: t("attention.query") }), canvas, ...button, el("p", { className: "note", textContent: t("attention.asks", { query: named(found, query), down, across }) }));
}

/**
 * A picture for each head, a row for each layer.
 * @param {any} found
 * @param {Uint8Array} image
 * @param {(change: Partial<Look>) => void} again
 */
function heads(found, image, again) {
  const most = Math.max(...found.layers.map((/** @type {any} */ one) => one.heads));
  const rows = found.layers.map((/** @type {any} */ one, /** @type {number} */ layer) => {
    const weights = api.numbers(one.weights);
    const pictures = Array.from({ length: one.heads }, (_, head) => {
      const own = weights.slice(head * found.steps, (head + 1) * found.steps);
      const chosen = layer === found.layer && head === found.head;
      const canvas = el("canvas", { className: "pixels", "aria-hidden": "true" });
      paint(canvas, image, found, own, chosen ? found.key : -1);
      const label = t("attention.head", { layer: layer + 1, head: head + 1 });
      const note = found.token ? t("attention.self", { share: percent(own[0], 0) }) : "";
      return el("button", {
        id: `attention-${layer}-${head}`, type: "button", "aria-pressed": String(chosen), "aria-label": `${label} ${note}`,
        onclick: (/** @type {PointerEvent} */ event) => again({ layer, head, key: event.detail ? stepAt(found, event, canvas) : undefined }),
      }, canvas, el("small", { textContent: note }));
    });
    return el("div", { className: "heads" }, el("span", { className: "note", textContent: t("attention.layer", { layer: layer + 1 }) }), ...pictures);
  });
  const all = el("div", { className: "stack tight" }, ...rows);
  all.style.setProperty("--heads", String(most));
  return all;
}

/**
 * The step that lies where somebody pressed.
 * @param {any} found
 * @param {PointerEvent} event
 * @param {HTMLElement} [canvas]
 */
function stepAt({ grid: [down, across], token }, event, canvas = /** @type {HTMLElement} */ (event.currentTarget)) {
  const box = canvas.getBoundingClientRect();
  const part = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ count) => Math.min(count - 1, Math.max(0, Math.floor((at / size) * count)));
  return part(event.clientY - box.top, box.height, down) * across + part(event.clientX - box.left, box.width, across) + (token ? 1 : 0);
}

/**
 * The drawing, blue where the head looks, with a ring around one of its parts.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} image
 * @param {any} found
 * @param {Float32Array | null} weights of all steps
 * @param {number} ringed a step
 */
function paint(canvas, image, { grid: [down, across], token }, weights, ringed) {
  const zoom = 4;
  const first = token ? 1 : 0;
  const most = weights ? Math.max(...weights.slice(first)) || 1 : 1;
  const [ink, blue] = [inked(weights ? 600 : 255), /** @type {any} */ (colour("accent").match(/[\d.]+/g)?.map(Number))];
  Object.assign(canvas, { width: 28 * zoom, height: 28 * zoom });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const [high, wide] = [28 / down, 28 / across];
  for (let i = 0; i < 784; i++) {
    const [y, x] = [Math.floor(i / 28), i % 28];
    const step = Math.floor(y / high) * across + Math.floor(x / wide) + first;
    const rgb = mix(ink(image[i]), blue, weights ? 0.85 * (weights[step] / most) : 0);
    context.fillStyle = `rgb(${rgb.join()})`;
    context.fillRect(x * zoom, y * zoom, zoom, zoom);
  }
  context.strokeStyle = colour("line");
  if (!weights) for (let step = 0; step < down * across; step++) context.strokeRect((step % across) * wide * zoom, Math.floor(step / across) * high * zoom, wide * zoom, high * zoom);
  if (ringed < first) return;
  const at = ringed - first;
  context.strokeStyle = colour(weights ? "ink" : "accent");
  context.lineWidth = 3;
  context.strokeRect((at % across) * wide * zoom + 1.5, Math.floor(at / across) * high * zoom + 1.5, wide * zoom - 3, high * zoom - 3);
}
