/** One unit of the network: its equation with this drawing's numbers in it, and its incoming weights as an image. */

import * as api from "./api.js";
import { diverging, largest, paintPixels } from "./colours.js";
import { $, el, short } from "./dom.js";
import { equation } from "./equation.js";
import { kernelOf, showKernel } from "./kernel.js";
import { t } from "./text.js";

/** @typedef {import("./layers.js").Column} Column */
/** @typedef {import("./network.js").Choice} Choice */

let asked = 0; // the latest question; answers to earlier ones come too late

/**
 * @param {any} seen an answer of /api/look
 * @param {any} model
 * @param {import("./network.js").Diagram} diagram
 * @param {Choice} choice
 */
export async function showUnit(seen, model, diagram, choice) {
  const { columns } = diagram;
  const mine = ++asked;
  $("#unit").setAttribute("aria-busy", "true");
  const column = columns[choice.column];
  const image = api.bytes(seen.image);
  const places = equations(model, column).map((layer) =>
    api.equation(image, model.id, { layer, unit: choice.unit, row: choice.row, column: choice.place }),
  );
  const weighty = column.layers.find((layer) => ["dense", "conv"].includes(model.layers[layer].kind));
  const learnt = weighty === undefined ? null : api.weights(model.id, weighty, choice.unit);
  const moving = column.kind === "maps" ? kernelOf(image, model, column.layers[0], choice) : null;
  const [answers, weights, kernel] = await Promise.all([Promise.all(places), learnt, moving]);
  if (mine !== asked) return;
  $("#unit").setAttribute("aria-busy", "false");
  diagram.showWindow(choice, kernel);
  showKernel(kernel, () => diagram.next());
  const [title, words] = describe(seen, column, choice);
  $("#unit-title").textContent = title;
  $("#unit-words").textContent = words;
  const all = async (/** @type {any} */ answer) => {
    const place = { layer: answer.layer, unit: choice.unit, row: choice.row, column: choice.place, terms: 100_000 };
    const now = ++asked; // what was asked of the same unit before is of no use any more
    const whole = await api.equation(image, model.id, place);
    $("#unit").setAttribute("aria-busy", "false");
    if (now === asked) $("#equation").replaceChildren(...answers.map((one) => equation(one === answer ? whole : one, all)));
  };
  $("#equation").replaceChildren(...answers.map((answer) => equation(answer, all)));
  $("#unit-pictures").replaceChildren(...(weights && !kernel ? pictures(weights, seen, columns[choice.column - 1]) : []));
}

/**
 * The layers whose equations make a number of the column; "output" is the activation that belongs to the loss.
 * @param {any} model
 * @param {Column} column
 * @returns {(number | string)[]}
 */
function equations(model, column) {
  const alike = (/** @type {number} */ layer) => !column.shape.length || String(model.layers[layer].output_shape) === String(column.shape);
  const layers = column.layers.filter((layer) => !["flatten", "dropout"].includes(model.layers[layer].kind) && alike(layer));
  const inside = layers.some((layer) => model.layers[layer].kind === "activation");
  return column.kind === "output" && !inside ? [...layers, "output"] : layers;
}

/**
 * @param {any} seen
 * @param {Column} column
 * @param {Choice} choice
 */
function describe(seen, column, { unit, row, place }) {
  const { kind, values, height, width, relevance } = column;
  const value = short(values[(unit * height + row) * width + place]);
  if (kind === "image")
    return [t("unit.pixel", { row, column: place }), t("unit.ink", { value })];
  if (kind === "output") return [t("unit.output", { name: seen.classes[unit] }), t("unit.probability", { value })];
  const share = t(relevance[unit] < 0 ? "unit.lowers" : "unit.raises", { answer: seen.answer.text, by: short(Math.abs(relevance[unit])) });
  if (kind === "units") return [t("unit.unit", { unit }), `${t("unit.activation", { value })} ${share}`];
  if (column.shape.length === 2) return [t("unit.step", { row, column: place }), `${t("unit.value", { value })} ${t("unit.whole")} ${share}`];
  return [
    t("unit.map", { unit, row, column: place }),
    `${t("unit.value", { value })} ${t("unit.whole")} ${share}`,
  ];
}

/**
 * @param {any} weights an answer of /api/models/…/weights
 * @param {any} seen
 * @param {Column} before the column that comes in
 */
function pictures(weights, seen, before) {
  if (weights.kind === "conv") {
    const [count, height, width] = weights.maps.shape;
    const filters = api.numbers(weights.maps);
    const scale = diverging(largest(filters));
    const size = height * width;
    const parts = Array.from({ length: count }, (_, i) =>
      pixels(filters.slice(i * size, (i + 1) * size), width, scale),
    );
    return [
      figure(
        t(count > 1 ? "unit.filters" : "unit.filter", { count }),
        el("div", { className: "filters" }, ...parts),
      ),
    ];
  }
  if (!weights.effective && weights.maps) {
    const own = api.numbers(weights.maps);
    const ink = api.numbers(seen.image);
    const passed = own.map((w, i) => w * ink[i]);
    return [
      figure(t("unit.weights"), pixels(own, 28, diverging(largest(own)))),
      figure(t("unit.passed"), pixels(passed, 28, diverging(largest(passed)))),
    ];
  }
  const own = Float32Array.from(weights.vector);
  const vector = figure(
    t("unit.vector", { count: own.length }),
    pixels(own, Math.ceil(Math.sqrt(own.length)), diverging(largest(own))),
  );
  if (!weights.maps) return [vector];
  const whole = api.numbers(weights.maps);
  return [vector, figure(t("unit.effective"), pixels(whole, 28, diverging(largest(whole))))];
}

/**
 * @param {Float32Array} values
 * @param {number} columns
 * @param {any} scale
 */
function pixels(values, columns, scale) {
  const canvas = el("canvas", { className: "pixels", "aria-hidden": "true" });
  paintPixels(canvas, values, columns, scale);
  return canvas;
}

/**
 * @param {string} caption
 * @param {Node} picture
 */
const figure = (caption, picture) =>
  el("figure", {}, picture, el("figcaption", { className: "note", textContent: caption }));
