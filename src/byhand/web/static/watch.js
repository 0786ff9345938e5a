/** What a network in training is at the moment: its first layer's weights, and what it takes for what. */

import * as api from "./api.js";
import { diverging, largest, paintPixels } from "./colours.js";
import { el } from "./dom.js";
import { t } from "./text.js";

/**
 * Each first unit's weights as an image, all on one scale.
 * @param {HTMLElement} place
 * @param {any} look an event "look" of a training, or null
 */
export function showWeights(place, look) {
  if (!look?.weights) {
    place.replaceChildren(
      el("p", { className: "note", textContent: t(look ? "watch.rows_only" : "watch.none") }),
    );
    return;
  }
  const [count, height, width] = look.weights.shape;
  const values = api.numbers(look.weights);
  const scale = diverging(largest(values));
  if (place.querySelectorAll("canvas").length !== count) {
    place.replaceChildren(
      ...Array.from({ length: count }, (_, i) =>
        el("canvas", { className: "pixels", role: "img", "aria-label": t("watch.unit", { unit: i }) }),
      ),
    );
  }
  place.querySelectorAll("canvas").forEach((canvas, i) => {
    paintPixels(canvas, values.subarray(i * height * width, (i + 1) * height * width), width, scale);
  });
}

/**
 * The confusion matrix: a row for each true digit, a column for what it was read as.
 * @param {HTMLElement} place
 * @param {any} look
 * @param {string[]} classes
 */
export function showConfusion(place, look, classes) {
  if (!look) {
    place.replaceChildren(
      el("p", { className: "note", textContent: t("watch.rows") }),
    );
    return;
  }
  const head = el("tr", {}, el("td"), ...classes.map((name) => el("th", { textContent: name, scope: "col" })));
  const rows = look.confusion.map((/** @type {number[]} */ row, /** @type {number} */ truth) => {
    const sum = row.reduce((a, b) => a + b, 0) || 1;
    const cells = row.map((count, read) => {
      const cell = el("td", { textContent: count ? String(count) : "" });
      const share = Math.round(100 * Math.min(1, (truth === read ? 0.6 : 3) * (count / sum)));
      cell.style.background = `color-mix(in srgb, var(--${truth === read ? "accent" : "against"}) ${Math.min(45, share)}%, var(--paper))`;
      return cell;
    });
    return el("tr", {}, el("th", { textContent: classes[truth], scope: "row" }), ...cells);
  });
  const caption = el("caption", {
    textContent: t("watch.caption"),
  });
  place.replaceChildren(el("table", { className: "matrix" }, caption, el("thead", {}, head), el("tbody", {}, ...rows)));
}
