/** The runs of this visit: one's curves over those of others, and all of them in a table. */

import { showCurves } from "./curves.js";
import { $, el, percent, short } from "./dom.js";
import { showDrawnCharts } from "./drawn.js";
import { inWords } from "./training.js";
import { t } from "./text.js";

/** @typedef {import("./training.js").Run} Run */
/** @typedef {import("./training.js").Points} Points */

const EARLIER = 3; // of them are drawn

/**
 * @param {Run[]} runs
 * @param {Run | null} current
 */
export function showCharts(runs, current) {
  const far = current?.training.epochs;
  const kind = (/** @type {Run | null} */ run) => (run?.draws ? run.training.settings.network : "");
  const earlier = runs.filter((run) => run !== current && kind(run) === kind(current)).slice(0, EARLIER);
  $("#curves-legend").hidden = Boolean(current?.draws);
  if (current?.draws) return showDrawnCharts(current, earlier);
  const lines = (/** @type {string} */ name, /** @type {Points} */ validation, /** @type {Points} */ training) => [
    ...earlier.map((run) => ({ name: inWords(run.training), style: "earlier", points: run.history(name) })),
    { name: t("learn.validation"), style: "validation", points: validation },
    { name: t("learn.training"), style: "training", points: training },
  ];
  const losses = lines("val_loss", current?.history("val_loss") ?? [], current?.points("loss", current.losses) ?? []);
  const live = current?.points("val_accuracy", current.accuracies) ?? [];
  const accuracies = lines("val_accuracy", live, current?.history("accuracy") ?? []);
  $("#loss-figure figcaption").textContent = t("learn.loss");
  $("#accuracy-figure figcaption").textContent = t("learn.accuracy");
  showCurves($("#loss-figure"), losses, { title: t("learn.loss"), x: t("runs.epoch"), y: t("runs.mean_loss"), far });
  const words = { title: t("learn.accuracy"), x: t("runs.epoch"), y: t("learn.accuracy"), far, percent: true };
  showCurves($("#accuracy-figure"), accuracies, words);
}

const HEADS = ["run", "state", "epochs", "loss", "val_loss", "val_accuracy"];

/**
 * @param {Run[]} runs
 * @param {Run | null} current
 * @param {(run: Run) => void} onOpen
 */
export function showTable(runs, current, onOpen) {
  const heads = [...HEADS.map((name) => el("th", { textContent: t(`runs.${name}`), scope: "col" })), el("td")];
  const rows = runs.map((run) => row(run, run === current, onOpen));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  $("#runs").replaceChildren(runs.length ? table : el("p", { className: "note", textContent: t("runs.none") }));
}

/**
 * @param {Run} run
 * @param {boolean} shown
 * @param {(run: Run) => void} onOpen
 */
function row(run, shown, onOpen) {
  const { state, history } = run.training;
  const last = (/** @type {string} */ name, /** @type {(v: number) => string} */ write) => {
    const value = history[name]?.at(-1);
    return Number.isFinite(value) ? write(value) : "–";
  };
  const figures = [last("loss", short), last("val_loss", short), last("val_accuracy", percent)];
  const cells = [inWords(run.training), t(`state.${state}`), String(history.epoch?.length ?? 0), ...figures];
  const words = { textContent: t(shown ? "runs.shown" : "runs.show"), disabled: shown };
  const button = el("button", { type: "button", onclick: () => onOpen(run), ...words });
  return el("tr", {}, ...cells.map((textContent) => el("td", { textContent })), el("td", {}, button));
}
