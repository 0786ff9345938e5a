/** Equations as a textbook sets them, with their numbers. */

import { el, short } from "./dom.js";
import { t } from "./text.js";

/**
 * A line of an equation: letters with a number behind them get it as an index, z1[5] becomes z₁[5].
 * @param {string} text
 * @returns {HTMLElement}
 */
export function line(text) {
  const parts = text.split(/(\b[a-zA-Z]+\d+)/).map((part) => {
    const name = /^([a-zA-Z]+)(\d+)$/.exec(part);
    return name ? el("span", {}, el("i", { textContent: name[1] }), el("sub", { textContent: name[2] })) : part;
  });
  return el("div", {}, ...parts);
}

/**
 * One number of the network: the equation in letters, then with its numbers, products that raise it in blue, that lower
 * it in orange.
 * @param {any} answer of /api/models/…/equation
 * @param {(answer: any) => void} [onAll] called where all terms are wanted; without it the others stay summed up
 * @returns {HTMLElement}
 */
export function equation(answer, onAll) {
  const { general, text, name, value, terms, rest, bias } = answer;
  const head = line(general);
  head.className = "general";
  if (!terms.length) {
    const lines = worded(text).split("\n").map((/** @type {string} */ part) => part.trim());
    return el("div", {}, ...(text.startsWith(name) ? [line(lines.join(" "))] : [head, ...lines.map(line)]));
  }
  const sums = terms.flatMap((/** @type {any} */ term, /** @type {number} */ i) => [i ? " + " : "", product(term)]);
  const summed = rest && t("more", { count: rest.count, sum: short(rest.sum) });
  const all = () => onAll?.(answer);
  const button = () => el("button", { type: "button", className: "rest", title: t("equation.all"), textContent: summed, onclick: all });
  const others = rest ? [" + ", onAll ? button() : summed] : [];
  const body = el(
    "div",
    {},
    line(`${name} =`),
    ...sums,
    ...others,
    ...(bias === null ? [] : [" + ", el("span", { className: "bias", textContent: bracket(bias) })]),
  );
  body.firstChild.className = "name";
  return el("div", {}, head, body, el("div", {}, "= ", el("b", { textContent: short(value) })));
}

/** The server's text with its words in the reader's language. @param {string} text */
const worded = (text) => text.replace(", where ", t("equation.where")).replace(" of the window at ", t("equation.window"));

/** @param {{input: string, value: number, weight: number, product: number}} term */
const product = ({ input, value, weight, product }) =>
  el("span", {
    className: `product ${product > 0 ? "plus" : "minus"}`,
    title: `${input} · its weight = ${short(product)}`,
    textContent: `${bracket(value)} · ${bracket(weight)}`,
  });

/** @param {number} value */
const bracket = (value) => (value < 0 ? `(${short(value)})` : short(value));
