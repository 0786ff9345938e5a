/** The view inside the network: which one, its diagram for the drawing, and one unit of it. */

import * as api from "./api.js";
import { showAttention } from "./attention.js";
import { Sheet } from "./canvas.js";
import { $, chance, el, percent } from "./dom.js";
import { Diagram } from "./network.js";
import { showStates } from "./states.js";
import { language, t, translated } from "./text.js";
import { nameOf } from "./training.js";
import { showUnit } from "./unit.js";

/**
 * @param {import("./drawing.js").Drawing} drawing
 * @param {import("./reading.js").Reading} reading
 * @param {any[]} shipped
 * @param {(sentence: string) => void} trouble
 * @param {(model: any) => void} onOther called with a network brought along that reads no digits
 */
export function startInside(drawing, reading, shipped, trouble, onOther) {
  const sheet = new Sheet($("#inside-sheet"), drawing);
  /** @type {Map<string, any>} */
  const models = new Map();
  const put = (/** @type {any} */ model) => {
    if (models.has(model.id)) return;
    models.set(model.id, model);
    lacking(models);
    $("#models").append(option(model, reading));
  };
  shipped.filter((model) => model.reads === "digit").forEach(put);
  lacking(models);
  const diagram = new Diagram($("#network"), (choice) => {
    if (reading.seen) showUnit(reading.seen, models.get(reading.seen.model), diagram, choice);
  });
  const troubled = (/** @type {Error} */ error) => trouble(error.message);
  const show = () => {
    const { seen } = reading;
    $("#inside-empty").hidden = Boolean(seen);
    $("#inside-network").hidden = !seen;
    if (!seen || $("#inside").hidden) return;
    $("#paths-legend").hidden = !seen.paths.edges.length;
    diagram.show(seen, models.get(seen.model));
    showAttention(seen, models.get(seen.model)).catch(troubled);
    showStates(seen, models.get(seen.model), troubled);
  };
  const compared = () => {
    if (reading.seen && !$("#inside").hidden) compare(reading.seen, [...models.values()]);
  };
  reading.addEventListener("look", show);
  reading.addEventListener("rest", compared);
  window.addEventListener("colours", () => {
    sheet.paint();
    diagram.repaint();
  });
  /**
   * @param {any} training that has ended: its network can be looked into, too
   * @param {string} [whose] it is
   */
  const add = (training, whose = t("inside.yours")) => {
    put({ ...training, name: `${whose}: ${nameOf(training)}`, output_activation: null });
    show();
    compared();
  };
  $("#model-file").addEventListener("change", async (/** @type {any} */ { target }) => {
    const [file] = target.files;
    target.value = "";
    if (!file) return;
    try {
      const model = await api.bringModel(file);
      if (model.reads !== "digit") return onOther(model);
      put(model);
      $(`input[name=model][value="${model.id}"]`).checked = true;
      reading.use(model.id);
      trouble("");
    } catch (error) {
      trouble(/** @type {Error} */ (error).message);
    }
  });
  return { add };
}

/** Say which command trains a network of a kind that is not there. @param {Map<string, any>} models */
function lacking(models) {
  const there = new Set([...models.values()].flatMap((model) => model.inside ?? []));
  const missing = ["attention", "states"].filter((kind) => !there.has(kind));
  $("#inside-lacking").replaceChildren(...missing.map((kind) => el("p", { className: "note", textContent: t(`lacking.${kind}`) })));
}

let question = 0; // answers to earlier ones come too late

/**
 * What each network makes of the same drawing.
 * @param {any} seen what the chosen one does
 * @param {any[]} models
 */
async function compare(seen, models) {
  const mine = ++question;
  const image = api.bytes(seen.image);
  const answers = await Promise.all(
    models.map((model) => (model.id === seen.model ? seen : api.look(image, model.id).catch(() => null))),
  );
  if (mine === question) answers.forEach((answer, i) => answer && showAnswer(models[i], answer));
}

/**
 * @param {any} model
 * @param {import("./reading.js").Reading} reading
 */
function option(model, reading) {
  const choose = el("input", {
    type: "radio",
    name: "model",
    value: model.id,
    checked: model.id === reading.model,
    onchange: () => reading.use(model.id),
  });
  const tested = model.accuracy ? t("inside.tested", { share: percent(model.accuracy) }) : "";
  return el(
    "label",
    { title: translated(model.description ?? ""), translate: false },
    choose,
    el("b", { id: `answer-${model.id}`, textContent: "–" }),
    el("span", { textContent: translated(model.name), translate: false }),
    el("small", { id: `sure-${model.id}` }),
    el("small", { textContent: t("inside.parameters", { count: model.parameters.toLocaleString(language) }) + tested }),
  );
}

/**
 * @param {any} model
 * @param {any} answer of /api/look
 */
function showAnswer(model, { answer, probabilities, classes }) {
  const [, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  $(`[id="answer-${model.id}"]`).textContent = answer.text;
  $(`[id="sure-${model.id}"]`).textContent =
    t("inside.sure", { chance: chance(answer.probability), second: classes[second], other: chance(probabilities[second]) });
}
