/** A mini-batch followed by hand: all its images, p − t, and the chain from the loss to one weight, term by term. */

import * as api from "./api.js";
import { inked, paintPixels } from "./colours.js";
import { $, el, percent, short } from "./dom.js";
import { line } from "./equation.js";
import { t } from "./text.js";

const FEW = 5; // terms of a sum that are written before one opens it

let sample = 0;
/** @type {number[]} the units that are followed, layer by layer */
let path = [];
let question = 0;

/**
 * @param {any} one what a single step did
 * @param {string} id the training's
 */
export async function showBatch(one, id) {
  const place = $("#batch");
  const batch = await api.batch(id).catch(() => null); // a training of before a restart
  if (!batch || batch.step !== one.step) return place.replaceChildren();
  sample = 0;
  path = [];
  const first = one.layers[0].units[0];
  const weight = { layer: one.layers[0].index, input: first.weights[0].unit, unit: first.unit };
  const fields = form(one, weight, () => follow(one, id, batch, weight));
  place.replaceChildren(
    el("h3", { textContent: t("batch.images", { n: batch.n, shown: batch.labels.length }) }),
    el("div", { className: "batch", role: "group", "aria-label": t("batch.group") }, ...images(batch, () => follow(one, id, batch, weight))),
    el("div", { id: "batch-errors", className: "scroll", tabIndex: 0, role: "region", "aria-label": t("batch.errors") }),
    el("h3", { textContent: t("batch.chain") }),
    fields,
    el("div", { id: "batch-chain", className: "equation" }),
  );
  await follow(one, id, batch, weight);
}

/**
 * @param {any} batch
 * @param {() => void} onChoose
 */
function images(batch, onChoose) {
  const pixels = batch.images && api.numbers(batch.images);
  return batch.labels.map((/** @type {string} */ label, /** @type {number} */ i) => {
    const canvas = el("canvas", { className: "pixels", "aria-hidden": "true" });
    if (pixels) paintPixels(canvas, pixels.subarray(784 * i, 784 * (i + 1)), 28, inked(1));
    const p = batch.probabilities[i][batch.classes.indexOf(label)];
    return el("button", { type: "button", onclick: () => { sample = i; onChoose(); } }, canvas, el("b", { textContent: label }), el("small", { textContent: percent(p ?? 0, 0) }));
  });
}

/**
 * @param {any} one
 * @param {{layer: number, input: number, unit: number}} weight changed in place
 * @param {() => void} onChange
 */
function form(one, weight, onChange) {
  const number = (/** @type {"input" | "unit"} */ name) =>
    el("label", {}, t(`batch.${name}`), el("input", { name, inputMode: "numeric", autocomplete: "off", value: String(weight[name]),
      onchange: (/** @type {any} */ { target }) => { weight[name] = Math.max(0, Math.round(Number(target.value)) || 0); path = []; onChange(); } }));
  const layers = el("select", { name: "layer", onchange: (/** @type {any} */ { target }) => {
    const layer = one.layers.find((/** @type {any} */ it) => it.index === Number(target.value));
    Object.assign(weight, { layer: layer.index, input: layer.units[0].weights[0].unit, unit: layer.units[0].unit });
    for (const name of /** @type {const} */ (["input", "unit"])) $(`#batch [name=${name}]`).value = String(weight[name]);
    path = [];
    onChange();
  } }, ...one.layers.map((/** @type {any} */ layer) => el("option", { value: String(layer.index), textContent: `${layer.name.replace("z", "W")}: ${layer.label}` })));
  return el("div", { className: "row chain-weight" }, el("label", {}, t("batch.layer"), layers), number("input"), number("unit"));
}

/**
 * Show the chosen image's errors, and the chain to the weight.
 * @param {any} one
 * @param {string} id
 * @param {any} batch
 * @param {{layer: number, input: number, unit: number}} weight
 */
async function follow(one, id, batch, weight) {
  const mine = ++question;
  $("#batch").querySelectorAll(".batch button").forEach((/** @type {HTMLElement} */ button, /** @type {number} */ i) => button.setAttribute("aria-pressed", String(i === sample)));
  $("#batch-errors").replaceChildren(errors(batch));
  const chain = await api.chain(id, { ...weight, sample, path: path.join(",") }).catch((error) => error);
  if (mine !== question) return;
  const again = () => follow(one, id, batch, weight);
  $("#batch-chain").replaceChildren(...(chain instanceof Error ? [el("p", { className: "note", textContent: chain.message })] : lines(chain, one, batch, again)));
}

/** p, t and p − t of the chosen image. @param {any} batch */
function errors(batch) {
  const { classes, labels, error } = batch;
  const row = (/** @type {string} */ name, /** @type {number[]} */ values) =>
    el("tr", {}, el("th", { scope: "row", textContent: name }), ...values.map((v) => el("td", { textContent: short(v), className: v < 0 ? "minus" : "" })));
  return el("table", { className: "errors" },
    el("caption", { textContent: t("batch.chosen", { number: sample + 1, label: labels[sample] }) }),
    el("thead", {}, el("tr", {}, el("td"), ...classes.map((/** @type {string} */ name) => el("th", { scope: "col", textContent: name })))),
    el("tbody", {}, row("p", batch.probabilities[sample]), row("t", batch.targets[sample]), row(error, batch.errors[sample])));
}

/**
 * From the loss down to the weight.
 * @param {any} chain
 * @param {any} one
 * @param {any} batch
 * @param {() => void} again
 */
function lines(chain, one, batch, again) {
  const n = batch.losses.length;
  const mean = batch.losses.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) / n;
  const step = (/** @type {string} */ words, /** @type {...Node} */ ...nodes) => el("section", {}, el("p", { className: "note", textContent: words }), ...nodes);
  const levels = [...chain.levels].reverse().map((/** @type {any} */ level, /** @type {number} */ i) => {
    if (!level.terms.length) {
      const [p, target] = [batch.probabilities[sample][level.unit], batch.targets[sample][level.unit]];
      const difference = Math.abs(p - target - level.value) < 1e-3 ? `p[${level.unit}] − t[${level.unit}] = ${short(p)} − ${short(target)} = ` : "";
      return step(t("batch.output", { error: level.name }), line(`${level.name} = ${difference}${short(level.value)}`));
    }
    const [W, dz] = level.names;
    const place = chain.levels.length - 1 - i;
    const terms = level.terms.map((/** @type {any} */ term) => ({
      text: `${bracket(term.weight)} · ${bracket(term.delta)}`,
      value: term.product,
      title: `${W}[${level.unit}, ${term.unit}] · ${dz}[${term.unit}]`,
      onclick: () => { path = [...chain.levels.slice(1, place + 1).map((/** @type {any} */ it) => it.unit), term.unit]; again(); },
    }));
    return step(
      t("batch.back", { name: level.name }),
      sum(`Σ ${W}[${level.unit}, k] · ${dz}[k] =`, terms, level.sum),
      ...level.rule.map(line),
      line(`${level.name} = ${short(level.sum)} · ${level.slope === null ? "…" : short(level.slope)} = ${short(level.value)}`),
    );
  });
  const terms = chain.terms.map((/** @type {any} */ term, /** @type {number} */ i) => ({
    text: `${bracket(term.value)} · ${bracket(term.delta)}`,
    value: term.product,
    title: t("batch.image", { number: i + 1, label: batch.labels[i] }),
    onclick: () => { sample = i; again(); },
  }));
  const losses = batch.losses.map((/** @type {number} */ loss, /** @type {number} */ i) => ({ text: short(loss), value: loss, title: t("batch.image", { number: i + 1, label: batch.labels[i] }), onclick: () => { sample = i; again(); } }));
  const name = chain.name.slice(1);
  const rule = one.optimizer === "GradientDescent"
    ? `${name} ← ${short(chain.weight)} − ${short(one.learning_rate)} · ${bracket(chain.value)} = ${short(chain.weight - one.learning_rate * chain.value)}`
    : t("batch.by", { name, optimizer: one.optimizer });
  return [
    step(t("batch.loss", { n }), sum(`L = 1/${n} Σ ℓ = 1/${n} ·`, losses, mean)),
    ...levels,
    step(t("batch.mean", { n, input: chain.input, error: chain.levels[0].name }), sum(`${chain.name} = 1/${n} Σ ${chain.input} · ${chain.levels[0].name} = 1/${n} ·`, terms, chain.value)),
    step(t("batch.update"), line(rule)),
  ];
}

/** @param {number} value */
const bracket = (value) => (value < 0 ? `(${short(value)})` : short(value));

/**
 * A sum with its largest terms, which opens to all of them.
 * @param {string} head
 * @param {{text: string, value: number, title: string, onclick: () => void}[]} terms
 * @param {number} result
 */
function sum(head, terms, result) {
  const write = (/** @type {typeof terms} */ some) => some.flatMap(({ text, value, title, onclick }, i) => [
    i ? " + " : "",
    el("button", { type: "button", className: `term ${value > 0 ? "plus" : "minus"}`, title, textContent: text, onclick }),
  ]);
  const place = el("div");
  const ordered = [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const rest = ordered.slice(FEW);
  const left = rest.reduce((total, term) => total + term.value, 0);
  const open = el("button", { type: "button", className: "rest", textContent: t("more", { count: rest.length, sum: short(left) }),
    onclick: () => { place.replaceChildren(line(head), "(", ...write(terms), ")", ...tail); $("button", place).focus(); } });
  const tail = [" = ", el("b", { textContent: short(result) })];
  place.replaceChildren(line(head), "(", ...write(ordered.slice(0, FEW)), ...(rest.length ? [" + ", open] : []), ")", ...tail);
  return place;
}
