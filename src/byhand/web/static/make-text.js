/** A text, the characters that may come next, and how the temperature changes their probabilities. */

import * as api from "./api.js";
import { showBars } from "./bars.js";
import { eachFrame, el, percent } from "./dom.js";
import { equation } from "./equation.js";
import { offer } from "./offer.js";
import { t } from "./text.js";

const BARS = 12;
const LONGEST = 2000; // characters that the server takes
const SIGNS = /** @type {Record<string, string>} */ ({ " ": "␣", "\n": "↵", "\t": "⇥" });
const BEGINNINGS = ["ROMEO:\n", "The ", "the ", "\n"];

/**
 * @param {HTMLElement} place
 * @param {(error: Error | null) => void} said
 * @returns {(model: any) => void} to add a network
 */
export function startWriting(place, said) {
  /** @type {Map<string, any>} */
  const models = new Map();
  /** @type {string | undefined} */
  let chosen;
  const select = el("select", { translate: false, onchange: () => begin() });
  const chooser = el("label", { hidden: true }, el("span", { textContent: t("make.network") }), select);
  const text = el("textarea", { id: "make-prompt", rows: 6, maxLength: LONGEST, spellcheck: false, translate: false, oninput: () => ask() });
  const slider = el("input", { id: "make-temperature", type: "range", min: "0.1", max: "2", step: "0.05", value: "1", oninput: () => ask() });
  const number = el("span", { className: "note" });
  const bars = el("ol", { id: "make-next", className: "bars letters", translate: false, "aria-label": t("make.next") });
  const more = el("p", { className: "note" });
  const equations = el("div", { className: "equation" });
  const write = (/** @type {number} */ count) => el("button", { type: "button", textContent: t(count === 1 ? "make.one" : "make.many", { count }), onclick: () => go(count) });
  const body = el("div", { className: "stack", hidden: true }, chooser,
    el("label", { className: "stack tight" }, el("span", { textContent: t("make.prompt") }), text),
    el("label", { className: "slide" }, el("span", { textContent: t("make.temperature") }), slider, number),
    el("div", { className: "row" }, write(1), write(100)),
    el("h3", { textContent: t("make.next") }), bars, more, equations);
  const none = el("p", { className: "note", textContent: t("lacking.text") });
  place.replaceChildren(el("h2", { textContent: t("make.text") }), el("p", { className: "note", textContent: t("make.text_about") }), none, body);

  function begin() {
    const known = new Set(models.get(select.value).classes);
    const first = BEGINNINGS.find((one) => [...one].every((character) => known.has(character)));
    text.value = first ?? [...known][0];
    chosen = undefined;
    ask();
  }

  let asked = 0; // answers to earlier questions come too late
  const wanted = () => ({ text: text.value.slice(-LONGEST), temperature: Number(slider.value) });
  const ask = eachFrame(() => {
    const mine = ++asked;
    number.textContent = `τ = ${Number(slider.value).toFixed(2)}`;
    if (text.value) api.next(select.value, { ...wanted(), ...(chosen ? { chosen } : {}) }).then((found) => mine === asked && show(found), said);
  });

  /** @param {any} found */
  function show(found) {
    said(null);
    const names = found.characters.slice(0, BARS);
    const rest = found.others.probability + found.probabilities.slice(BARS).reduce((/** @type {number} */ sum, /** @type {number} */ p) => sum + p, 0);
    const count = found.others.count + found.characters.length - names.length;
    showBars(bars, names.map((/** @type {string} */ one) => SIGNS[one] ?? one), found.probabilities.slice(0, BARS), (i) => {
      chosen = names[i];
      add(names[i]);
    }, names.indexOf(chosen ?? names[0]));
    more.textContent = count ? t("make.more", { count, share: percent(rest) }) : "";
    equations.replaceChildren(equation(found.equation));
  }

  /** @param {string} written */
  function add(written) {
    text.value = (text.value + written).slice(-LONGEST);
    text.scrollTop = text.scrollHeight;
    ask();
  }

  /** @param {number} count of characters that the network writes */
  function go(count) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    chosen = undefined;
    api.next(select.value, { ...wanted(), count, seed }).then((found) => add(found.written), said);
  }

  return (added) => {
    offer(select, models, added);
    none.hidden = true;
    body.hidden = false;
    begin();
  };
}
