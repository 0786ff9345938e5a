/** One's own drawings as samples: label them, train a network further on them, take both home. */

import * as api from "./api.js";
import { Sheet } from "./canvas.js";
import { inked, paintPixels } from "./colours.js";
import { $, chance, el, percent } from "./dom.js";
import { Run } from "./training.js";
import { t } from "./text.js";

/**
 * @param {import("./drawing.js").Drawing} drawing
 * @param {import("./reading.js").Reading} reading
 * @param {(sentence: string) => void} trouble
 * @param {(training: any) => void} onTrained
 */
export async function startSamples(drawing, reading, trouble, onTrained) {
  const sheet = new Sheet($("#own-sheet"), drawing);
  const attempt = (/** @type {Promise<any>} */ work) => work.catch((error) => trouble(error.message));
  const refresh = async () => showSamples(await api.samples(), (work) => attempt(work.then(refresh)));
  const add = async (/** @type {string} */ label) => {
    await api.addSample(api.bytes(reading.seen.image), label);
    drawing.clear();
    await refresh();
  };
  const buttons = [..."0123456789"].map((digit) =>
    el("button", {
      type: "button",
      textContent: digit,
      "aria-label": t("samples.add", { digit }),
      onclick: () => attempt(add(digit)),
    }),
  );
  $("#labels").append(...buttons);
  $("#own-clear").addEventListener("click", () => drawing.clear());
  reading.addEventListener("look", () => {
    const answer = reading.seen?.answer;
    for (const button of buttons) button.disabled = !answer;
    $("#own-reading").textContent = answer
      ? t("samples.read", { answer: answer.text, chance: chance(answer.probability) })
      : t("samples.draw");
  });
  $("#samples-load").addEventListener("change", (/** @type {any} */ { target }) => {
    const [file] = target.files;
    if (file) attempt(api.loadSamples(file).then(refresh));
    target.value = "";
  });
  $("#forget").addEventListener("click", () => attempt(api.dropSample().then(refresh)));
  $("#finetune").addEventListener("click", () => attempt(finetune(reading.model, onTrained)));
  window.addEventListener("colours", () => {
    sheet.paint();
    attempt(refresh());
  });
  await attempt(refresh());
}

/**
 * @param {{count: number, counts: number[], samples: any[]}} found
 * @param {(work: Promise<any>) => void} change
 */
function showSamples({ count, counts, samples }, change) {
  $("#samples-words").textContent = count
    ? `${t(count === 1 ? "samples.one" : "samples.count", { count })}: ${counts
        .map((n, digit) => (n ? `${n} × ${digit}` : ""))
        .filter(Boolean)
        .join(", ")}.`
    : t("samples.none");
  $("#finetune").disabled = $("#forget").disabled = !count;
  $("#samples-file").hidden = !count;
  $("#samples").replaceChildren(...samples.map((sample) => item(sample, change)));
}

/**
 * @param {any} sample
 * @param {(work: Promise<any>) => void} change
 */
function item({ id, label, image }, change) {
  const canvas = el("canvas", { className: "pixels", role: "img", "aria-label": t("samples.yours", { label }) });
  paintPixels(canvas, api.numbers(image), 28, inked(1));
  const options = [..."0123456789"].map((digit) =>
    el("option", { value: digit, textContent: digit, selected: digit === label }),
  );
  const choose = el(
    "select",
    { "aria-label": t("samples.what"), onchange: () => change(api.relabel(id, choose.value)) },
    ...options,
  );
  const drop = el("button", {
    type: "button",
    className: "quiet",
    textContent: t("samples.remove"),
    onclick: () => change(api.dropSample(id)),
  });
  return el("li", {}, canvas, choose, drop);
}

/**
 * @param {string} model
 * @param {(training: any) => void} onTrained
 */
async function finetune(model, onTrained) {
  const run = new Run(await api.finetune({ model }));
  $("#finetune").disabled = true;
  const words = () => {
    const { state, epoch, epochs, own, error } = run.training;
    if (state !== "finished") return error ?? `${t(`state.${state}`)} …, ${t("class.epochs", { epoch, epochs })}`;
    return t("samples.done", { count: own.count, before: percent(own.before, 0), after: percent(own.after, 0) });
  };
  run.addEventListener("training", () => {
    $("#finetune-words").textContent = words();
    if (run.active) return;
    $("#finetune").disabled = false;
    $("#tuned-model").hidden = run.training.state !== "finished";
    $("#tuned-model").href = `api/v1/trainings/${run.training.id}/model`;
    if (run.learnt) onTrained(run.training);
  });
  run.follow();
}
