/** One mini-batch in numbers: forward, backward, update. */

import * as api from "./api.js";
import { inked, paintPixels } from "./colours.js";
import { showBatch } from "./chain.js";
import { showBars } from "./bars.js";
import { $, el, short } from "./dom.js";
import { line } from "./equation.js";
import { t } from "./text.js";

const PARTS = ["forward", "backward", "update"];

/**
 * @param {any} one what POST …/step answered, or null
 * @param {string} id the training's
 */
export function showStep(one, id) {
  $("#one").hidden = !one;
  if (!one) return;
  const canvas = el("canvas", {
    className: "pixels",
    role: "img",
    "aria-label": t("step.image", { label: one.sample.label }),
  });
  if (one.sample.image) paintPixels(canvas, api.numbers(one.sample.image), 28, inked(1));
  const bars = el("ol", { className: "bars small" });
  showBars(bars, one.output.classes, one.output.probabilities);
  const parts = PARTS.map((name) => {
    const lines = one.text.filter((/** @type {string} */ text) => text.startsWith(name));
    const equations = lines.map((/** @type {string} */ text) => line(worded(text.slice(name.length + 2))));
    return el(
      "div",
      { className: "stack tight" },
      el("h3", { textContent: t(`step.${name}`) }),
      el("div", { className: "equation" }, ...equations),
    );
  });
  $("#one-title").textContent =
    t("step.title", { step: one.step, n: one.n, before: short(one.loss.before), after: short(one.loss.after) });
  $("#one-body").replaceChildren(
    el(
      "div",
      { className: "steps" },
      el(
        "div",
        { className: "stack tight sample" },
        el("h3", { textContent: t("step.first", { label: one.sample.label }) }),
        canvas,
        bars,
      ),
      el("div", { className: "stack" }, ...parts),
    ),
  );
  showBatch(one, id);
}

/** The server's line with its words in the reader's language. @param {string} text */
const worded = (text) =>
  text.replace("for this image", t("step.this")).replace(/the mean over (\d+) images/, (_, n) => t("step.mean", { n }));
