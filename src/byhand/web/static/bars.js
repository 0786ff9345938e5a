/** The probabilities of the classes as bars. */

import { chance, el } from "./dom.js";

/**
 * Bars in a list, one for each class; they grow and shrink in place as the probabilities change.
 * @param {HTMLElement} list
 * @param {string[]} names
 * @param {number[]} probabilities
 * @param {(index: number) => void} [onChoose] makes each a button
 * @param {number} [chosen]
 */
export function showBars(list, names, probabilities, onChoose, chosen) {
  if (list.childElementCount !== names.length) {
    list.replaceChildren(...names.map(() => bar(Boolean(onChoose))));
  }
  const best = probabilities.indexOf(Math.max(...probabilities));
  names.forEach((name, i) => {
    const row = /** @type {HTMLElement} */ (list.children[i].firstElementChild);
    const [label, track, number] = /** @type {HTMLElement[]} */ ([...row.children]);
    label.textContent = name;
    number.textContent = chance(probabilities[i]);
    /** @type {HTMLElement} */ (track.firstElementChild).style.width = `${100 * probabilities[i]}%`;
    row.classList.toggle("best", i === best);
    if (onChoose) {
      row.setAttribute("aria-pressed", String(i === chosen));
      row.onclick = () => onChoose(i);
    }
  });
}

/** @param {boolean} button */
function bar(button) {
  const parts = [
    el("span", { className: "name" }),
    el("span", { className: "track" }, el("span", { className: "fill" })),
    el("span", { className: "number" }),
  ];
  return el("li", {}, el(button ? "button" : "div", { className: "bar" }, ...parts));
}
