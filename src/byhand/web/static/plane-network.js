/** The small network of the plane: its units with what they compute there, and every weight, which can be changed. */

import * as api from "./api.js";
import { largest } from "./colours.js";
import { $, el, short, svg } from "./dom.js";
import { line } from "./equation.js";
import { EDGE, paintUnit } from "./plane-picture.js";
import { t } from "./text.js";

/** @typedef {{layer: number, name: string, start: number, shape: number[]}} Parameter */

const INPUTS = 24; // pixels of an input's picture

/** Base64 of float32 numbers. @param {string} text */
export const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
/** @param {Float32Array} values */
export const base64 = (values) => btoa(String.fromCharCode(...new Uint8Array(values.buffer)));

export class PlaneNetwork {
  /** @type {[number | "output", number]} the layer and the unit whose equations are shown */
  unit = ["output", 0];
  #shape = "";
  #answer = /** @type {any} */ (null);
  #weight = -1; // its place among all weights; −1 for the steepest of the chosen unit

  /**
   * @param {{onUnit: () => void, onWeight: (at: number, value: number) => void}} told
   */
  constructor(told) {
    this.told = told;
    this.place = $("#plane-network");
    new ResizeObserver(() => this.#answer && this.#lines()).observe(this.place);
  }

  /**
   * @param {any} answer of /api/plane
   * @param {string[]} classes
   */
  show(answer, classes) {
    const shape = JSON.stringify([answer.parameters, classes]);
    this.#answer = answer;
    if (shape !== this.#shape) {
      this.#shape = shape;
      if (!this.#dense().some(({ layer }) => layer === this.unit[0])) this.unit = ["output", Math.min(1, classes.length - 1)];
      this.#weight = -1;
      this.#build(classes);
    }
    this.#paint();
    this.#lines();
    this.#table();
    this.#rule();
  }

  /** The weight matrices of all but the last layer. */
  #dense() {
    return this.#matrices().slice(0, -1);
  }

  /** @returns {Parameter[]} */
  #matrices() {
    return this.#answer.parameters.filter((/** @type {Parameter} */ p) => p.name === "W");
  }

  /** @param {string[]} classes */
  #build(classes) {
    const column = (/** @type {any[]} */ units) => el("div", { className: "plane-column" }, ...units);
    const unit = (/** @type {string} */ name, /** @type {number | "output"} */ layer, /** @type {number} */ i) =>
      el("button", { type: "button", onclick: () => this.#choose(layer, i), "data-unit": `${layer} ${i}` }, el("canvas", { "aria-hidden": "true" }), el("span", { textContent: name }));
    const input = (/** @type {number} */ i) => el("div", { className: "plane-input" }, el("canvas", { "aria-hidden": "true" }), el("span", { textContent: `x[${i}]` }));
    this.place.replaceChildren(
      svg("svg", { "aria-hidden": "true" }),
      column([input(0), input(1)]),
      ...this.#dense().map(({ layer, shape }, place) => column(Array.from({ length: shape[1] }, (_, i) => unit(`a${place + 1}[${i}]`, layer, i)))),
      column(classes.map((name, i) => unit(`p[${i}] ${name === String(i) ? "" : name}`, "output", i))),
    );
  }

  /**
   * @param {number | "output"} layer
   * @param {number} i
   */
  #choose(layer, i) {
    this.unit = [layer, i];
    this.#weight = -1;
    this.told.onUnit();
  }

  #paint() {
    const [inputs, ...columns] = this.place.querySelectorAll(":scope > div");
    inputs.querySelectorAll("canvas").forEach((/** @type {any} */ canvas, /** @type {number} */ i) => {
      const value = (/** @type {number} */ k) => ((k + 0.5) / INPUTS) * 2 * EDGE - EDGE;
      const values = Float32Array.from({ length: INPUTS ** 2 }, (_, k) => (i ? -value(Math.floor(k / INPUTS)) : value(k % INPUTS)));
      paintUnit(canvas, values, INPUTS, EDGE);
    });
    const { units, surface } = this.#answer;
    [...units, surface].forEach((packed, place) => {
      const [, side] = packed.shape;
      const values = api.numbers(packed);
      columns[place].querySelectorAll("canvas").forEach((/** @type {any} */ canvas, /** @type {number} */ i) => {
        const own = values.subarray(i * side * side, (i + 1) * side * side);
        paintUnit(canvas, place < units.length ? own : own.map((p) => 2 * p - 1), side, place < units.length ? largest(values) : 1);
      });
    });
    for (const button of this.place.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.unit === this.unit.join(" ")));
    }
  }

  #lines() {
    const area = $("svg", this.place);
    const box = this.place.getBoundingClientRect();
    if (!box.width) return;
    area.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    const columns = [...this.place.querySelectorAll(":scope > div")].map((column) => [...column.children].map((unit) => {
      const own = $("canvas", unit).getBoundingClientRect();
      return { left: own.left - box.left, right: own.right - box.left, y: own.top + own.height / 2 - box.top };
    }));
    const theta = floats(this.#answer.theta);
    const lines = this.#matrices().flatMap(({ start, shape: [rows, count] }, place) =>
      Array.from({ length: rows * count }, (_, k) => {
        const [from, to] = [columns[place][Math.floor(k / count)], columns[place + 1][k % count]];
        const w = theta[start + k];
        const d = `M${from.right},${from.y}C${(from.right + to.left) / 2},${from.y} ${(from.right + to.left) / 2},${to.y} ${to.left},${to.y}`;
        const name = `W${place + 1}[${Math.floor(k / count)}, ${k % count}]`;
        return svg("g", { class: start + k === this.#weight ? "chosen" : "" },
          svg("path", { d, class: w > 0 ? "plus" : "minus", "stroke-width": Math.min(7, 0.4 + 1.4 * Math.abs(w)).toFixed(2) }),
          svg("path", { d, class: "wide", "data-weight": start + k }, svg("title", {}, `${name} = ${short(w)}`)));
      }));
    area.replaceChildren(...lines);
    area.onclick = (/** @type {MouseEvent} */ event) => {
      const at = /** @type {any} */ (event.target).dataset.weight;
      if (at !== undefined) this.#edit(Number(at));
    };
  }

  /** @param {number} at */
  #edit(at) {
    const place = this.#matrices().findIndex(({ start, shape }) => at >= start && at < start + shape[0] * shape[1]);
    const { layer, start, shape } = this.#matrices()[place];
    const last = place === this.#matrices().length - 1;
    this.#choose(last ? "output" : layer, (at - start) % shape[1]);
    this.#weight = at;
    this.#table();
    $(`#plane-weights input[data-at="${at}"]`).focus();
  }

  /** Which matrix leads to the chosen unit. */
  #into() {
    return this.unit[0] === "output" ? this.#matrices().length - 1 : this.#matrices().findIndex(({ layer }) => layer === this.unit[0]);
  }

  /** The weights into the chosen unit's layer, one input field each. */
  #table() {
    const into = this.#into();
    const W = this.#matrices()[into];
    const b = this.#answer.parameters.find((/** @type {Parameter} */ p) => p.name === "b" && p.layer === W.layer);
    const theta = floats(this.#answer.theta);
    const table = $("#plane-weights");
    const [rows, count] = W.shape;
    if (table.dataset.shape !== `${W.start} ${this.#shape}`) {
      table.dataset.shape = `${W.start} ${this.#shape}`;
      const field = (/** @type {number} */ at, /** @type {string} */ name) =>
        el("td", {}, el("input", { "data-at": at, inputMode: "decimal", autocomplete: "off", "aria-label": name,
          onfocus: () => { this.#weight = at; this.#rule(); this.#lines(); },
          onchange: (/** @type {any} */ event) => this.told.onWeight(at, Number(event.target.value.replace(",", ".").replace("−", "-"))) }));
      const row = (/** @type {string} */ name, /** @type {(j: number) => number} */ at, /** @type {(j: number) => string} */ label) =>
        el("tr", {}, el("th", { scope: "row", textContent: name }), ...Array.from({ length: count }, (_, j) => field(at(j), label(j))));
      const before = into ? `a${into}` : "x";
      table.replaceChildren(
        el("thead", {}, el("tr", {}, el("td", { textContent: t("plane.from_to") }), ...Array.from({ length: count }, (_, j) => el("th", { scope: "col", textContent: `z${into + 1}[${j}]` })))),
        el("tbody", {},
          ...Array.from({ length: rows }, (_, i) => row(`${before}[${i}]`, (j) => W.start + i * count + j, (j) => `W${into + 1}[${i}, ${j}]`)),
          row(`b${into + 1}`, (j) => b.start + j, (j) => `b${into + 1}[${j}]`)));
    }
    for (const field of table.querySelectorAll("input")) {
      if (field !== document.activeElement) field.value = short(theta[Number(field.dataset.at)]).replace("−", "-");
    }
  }

  /** How the chosen weight learns, else the steepest of the chosen unit. */
  #rule() {
    const { settings, rule } = this.#answer;
    const [theta, g] = [floats(this.#answer.theta), floats(this.#answer.gradient)];
    const into = this.#into();
    const { start, shape: [rows, count], layer } = this.#matrices()[into];
    const b = this.#answer.parameters.find((/** @type {Parameter} */ p) => p.name === "b" && p.layer === layer);
    const own = [...Array.from({ length: rows }, (_, i) => start + i * count + this.unit[1]), b.start + this.unit[1]];
    const ours = (this.#weight >= start && this.#weight < start + rows * count) || (this.#weight >= b.start && this.#weight < b.start + count);
    const at = ours ? this.#weight : own.reduce((most, k) => (Math.abs(g[k]) > Math.abs(g[most]) ? k : most));
    const k = at - start;
    const name = at >= b.start && at < b.start + count ? `b${into + 1}[${at - b.start}]` : `W${into + 1}[${Math.floor(k / count)}, ${k % count}]`;
    const rate = short(settings.learning_rate);
    const step = settings.optimizer === "gradient-descent"
      ? `${name} ← ${short(theta[at])} − ${rate} · (${short(g[at])}) = ${short(theta[at] - settings.learning_rate * g[at])}`
      : t("plane.by", { name, optimizer: settings.optimizer });
    $("#plane-rule").replaceChildren(...[rule[name.startsWith("W") ? 0 : 1], `d${name} = ${short(g[at])}`, step].map(line));
  }
}
