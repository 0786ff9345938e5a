/** The page: which view is shown, and what they share: one drawing, and what is read in it. */

import * as api from "./api.js";
import { passed, startClass } from "./class.js";
import { startDraw } from "./draw.js";
import { Drawing } from "./drawing.js";
import { $, soon, stored } from "./dom.js";
import { startExamples } from "./examples.js";
import { startInside } from "./inside.js";
import { startLearn } from "./learn.js";
import { startMake } from "./make.js";
import { startPlane } from "./plane.js";
import { startPhoto } from "./photo.js";
import { MODEL, Reading } from "./reading.js";
import { startReview } from "./review.js";
import { startSamples } from "./samples.js";
import { startLanguage, t, translate, translated } from "./text.js";
import { startTheme } from "./theme.js";
import { nameOf } from "./training.js";

const VIEWS = ["draw", "inside", "learn", "plane", "make", "own", "review", "class"];

/** @param {string} sentence "" when all is well again */
function trouble(sentence) {
  $("#trouble").textContent = sentence;
  $("#trouble").hidden = !sentence;
}

/** @param {import("./reading.js").Reading} reading */
function showView(reading) {
  const name = VIEWS.find((view) => `#/${view}` === location.hash.split("?")[0]) ?? VIEWS[0];
  for (const view of VIEWS) $(`#${view}`).hidden = view !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  trouble("");
  reading.ask();
}

async function start() {
  translate();
  startLanguage($("#language"));
  startTheme($("#theme"));
  await passed();
  const [settings, { models }] = await Promise.all([api.settings(), api.models()]);
  const drawing = new Drawing();
  const digits = models.filter((/** @type {any} */ model) => model.reads === "digit");
  const kept = digits.find((/** @type {any} */ model) => model.id === stored(MODEL));
  const reading = new Reading(drawing, kept?.id ?? settings.default_model);
  const names = new Map(models.map((/** @type {any} */ model) => [model.id, translated(model.name)]));
  reading.addEventListener("trouble", (event) => trouble(/** @type {CustomEvent} */ (event).detail));
  reading.addEventListener("look", () => trouble(""));
  startDraw(drawing, reading, (id) => names.get(id) ?? t("main.yours"));
  const make = startMake(models, trouble);
  const inside = startInside(drawing, reading, models, trouble, make.add);
  const drawer = (/** @type {any} */ training, whose = t("inside.yours")) => ({ ...training, told: 0, name: `${whose}: ${nameOf(training)}` });
  const trained = (/** @type {any} */ training) =>
    training.reads === "noise" ? make.put(drawer(training)) : inside.add(training);
  const look = async (/** @type {any} */ run, /** @type {string} */ whose) => {
    const training = await api.training(run.id);
    if (training.reads === "noise") return make.add(drawer(training, whose));
    inside.add(training, whose);
    reading.use(run.id);
    location.hash = "#/inside";
  };
  startClass(look, trouble);
  window.addEventListener("hashchange", () => {
    showView(reading);
    window.scrollTo(0, 0);
  });
  showView(reading);
  drawing.restore();
  drawing.addEventListener("change", soon(() => drawing.keep()));
  startPhoto(trouble);
  $("#about").textContent =
    t("main.about", { version: settings.version });
  await Promise.all([
    startExamples(drawing),
    startSamples(drawing, reading, trouble, inside.add),
    startLearn(drawing, settings.training, trouble, trained, (training) => make.add(drawer(training))),
    startPlane(settings.training, trouble),
    settings.review && startReview(trouble),
  ]);
}

start()
  .catch((error) => trouble(error.message))
  .finally(() => $("#main").setAttribute("aria-busy", "false"));
