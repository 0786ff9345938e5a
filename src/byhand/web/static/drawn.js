/** A training of two networks, one of which draws: what it draws, and the losses of both. */

import * as api from "./api.js";
import { inked, paintTiles } from "./colours.js";
import { showCurves } from "./curves.js";
import { $ } from "./dom.js";
import { t } from "./text.js";

/** @typedef {import("./training.js").Run} Run */
/** @typedef {import("./training.js").Points} Points */

const SIDE = 6; // images along each side of a look

/** @param {any} look an event "look" of such a training, or null */
export function showDrawn(look) {
  if (look?.images) paintTiles($("#drawn"), api.numbers(look.images), SIDE, inked(1));
}

/**
 * @param {Run} run
 * @param {Run[]} earlier of the same kind
 */
export function showDrawnCharts(run, earlier) {
  const far = run.training.epochs;
  const line = (/** @type {string} */ style, /** @type {string} */ name) => ({ name: t(`drawn.${name}`), style, points: run.points(name) });
  const before = earlier.map((one) => ({ name: t("learn.earlier"), style: "earlier", points: one.history("val_loss") }));
  const charts = run.training.settings.network === "vae"
    ? [["bound", [...before, line("validation", "val_loss"), line("training", "loss")]], ["parts", [line("validation", "divergence"), line("training", "reconstruction")]]]
    : [["losses", [line("validation", "generator_loss"), line("training", "critic_loss")]], ["spread", [line("training", "spread")]]];
  for (const [i, [name, lines]] of charts.entries()) {
    const figure = $(["#loss-figure", "#accuracy-figure"][i]);
    const title = t(`drawn.${name}`);
    figure.querySelector("figcaption").textContent = title;
    const y = name === "spread" ? "" : t("runs.mean_loss");
    showCurves(figure, /** @type {any} */ (lines), { title, x: t("runs.epoch"), y, far });
  }
}
