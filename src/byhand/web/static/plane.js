/** The playground: points in the plane, a small network that learns them, step by step or as fast as it goes. */

import * as api from "./api.js";
import { showCurves } from "./curves.js";
import { $, el, eachFrame, percent, say, short, soon } from "./dom.js";
import { equation } from "./equation.js";
import { base64, floats, PlaneNetwork } from "./plane-network.js";
import { mark, PlanePicture } from "./plane-picture.js";
import { t } from "./text.js";

const FIELDS = ["data", "noise", "count", "hidden", "activation", "optimizer", "learning_rate", "batch_size", "seed"];
const OWN = "own";
const SPEEDS = [[1, 1000], [1, 250], [1, 0], [3, 0], [10, 0], [30, 0], [100, 0]]; // steps at once, and milliseconds between
const KEPT = 400; // answers to go back to
const NEAR = 0.25; // of a point that is to go
const MOST = 500; // points
const IN_ADDRESS = 150; // of one's own points

/** @type {any[]} what the server answered since the start, the oldest first */
let answers = [];
let data = { points: /** @type {number[][]} */ ([]), classes: ["0", "1"], axes: ["x[0]", "x[1]"] };
let running = false;
let shown = -1; // the answer that is shown; −1 for the last one
let question = 0;

/**
 * @param {any} options the part "training" of /api/settings
 * @param {(sentence: string) => void} trouble
 */
export async function startPlane(options, trouble) {
  const form = /** @type {HTMLFormElement} */ ($("#plane-settings"));
  const field = (/** @type {string} */ name) => /** @type {any} */ (form.elements.namedItem(name));
  const attempt = (/** @type {Promise<any>} */ work) => work.catch((error) => { pause(); trouble(error.message); });
  for (const [name, values] of Object.entries({ activation: options.activations, optimizer: options.optimizers })) {
    field(name).append(...values.map((/** @type {string} */ value) => el("option", { value, textContent: value })));
  }
  field("activation").value = "tanh";
  field("data").append(...["circle", "clouds", "xor", "spiral", OWN].map((value) => el("option", { value, textContent: t(`plane.${value}`) })));

  const network = new PlaneNetwork({
    onUnit: () => attempt(ask(0, last())),
    onWeight: (at, value) => {
      if (!Number.isFinite(value)) return trouble(t("plane.no_number"));
      const answer = last();
      const theta = floats(answer.theta);
      theta[at] = value;
      attempt(ask(0, { ...answer, theta: base64(theta) }));
    },
  });
  const picture = new PlanePicture($("#plane-picture"), press, () => {
    picture.showCross();
    soonAsk();
  });
  const soonAsk = soon(() => running || attempt(ask(0, last())));

  const settings = () => {
    const number = (/** @type {string} */ name) => Number(field(name).value.replace(",", "."));
    return {
      hidden: field("hidden").value.split(/[\s,]+/).filter(Boolean).map(Number),
      activation: field("activation").value,
      optimizer: field("optimizer").value,
      learning_rate: number("learning_rate"),
      batch_size: field("batch_size").value.trim() ? number("batch_size") : null,
      seed: number("seed"),
    };
  };

  /**
   * Ask for steps after an answer, or from the start where there is none.
   * @param {number} steps
   * @param {any} [from]
   */
  async function ask(steps, from) {
    const mine = ++question;
    const now = settings();
    const { theta, memory, step } = from ?? {};
    const answer = await api.plane({ ...now, points: data.points, classes: data.classes.length, theta, memory, step, steps, at: picture.cross, unit: network.unit });
    if (mine !== question) return;
    answer.settings = now;
    answer.points = data.points;
    if (!from) answers = [];
    if (steps || !answers.length) answers.push(answer);
    else answers[answers.length - 1] = answer;
    if (answers.length > KEPT) answers.splice(1, 1);
    shown = -1;
    trouble("");
    show();
  }

  const last = () => answers.at(shown);
  const paint = eachFrame(() => answers.length && !$("#plane").hidden && show());
  function show() {
    const answer = last();
    const { loss, accuracy, step, probabilities } = answer;
    const words = loss === null ? t(step ? "plane.diverged" : "plane.no_points") : t("plane.words", { step, loss: short(loss), accuracy: percent(accuracy) });
    $("#plane-words").textContent = words;
    picture.decision(answer.surface, words);
    network.show(answer, data.classes);
    const [x0, x1] = picture.cross.map(short);
    $("#plane-at").textContent = t("plane.at", { x0, x1, classes: data.classes.map((name, i) => `${name}: ${percent(probabilities[i] ?? 0)}`).join(", ") });
    $("#plane-equations").replaceChildren(...answer.equations.map((/** @type {any} */ one) => equation(one)));
    const points = answers.filter((one) => one.loss !== null).map((one) => /** @type {[number, number]} */ ([one.step, one.loss]));
    showCurves($("#plane-loss"), [{ name: t("plane.loss"), style: "training", points }], { x: t("plane.step"), y: t("plane.mean_loss"), title: t("plane.loss") });
    const back = $("#plane-back");
    back.max = String(answers.length - 1);
    back.value = String(shown < 0 ? answers.length - 1 : shown);
    back.setAttribute("aria-valuetext", t("plane.at_step", { step }));
    back.disabled = answers.length < 2;
  }

  async function play() {
    running = true;
    showButtons();
    answers = shown < 0 ? answers : answers.slice(0, shown + 1); // who went back goes on from there
    shown = -1;
    while (running) {
      const [steps, pause] = SPEEDS[Number($("#plane-speed").value)];
      await ask(steps, last());
      await new Promise((next) => (pause ? setTimeout(next, pause) : requestAnimationFrame(next)));
      if ($("#plane").hidden || last().loss === null) pausing();
    }
  }
  function pausing() {
    running = false;
    showButtons();
    say($("#plane-words").textContent);
  }
  const pause = pausing;
  function showButtons() {
    $("#plane-play").textContent = t(running ? "plane.pause" : "plane.play");
    $("#plane-one").disabled = running;
  }

  /** @param {number[]} at where somebody pressed */
  function press([x, y]) {
    const what = $("input[name=plane-press]:checked").value;
    if (what === "look") return;
    const others = data.points.filter((p) => Math.hypot(p[0] - x, p[1] - y) > NEAR);
    const points = what === "remove" ? others : [...data.points, [x, y, Number(what)]].slice(-MOST);
    field("data").value = OWN;
    take({ ...data, points });
  }

  /** @param {any} found points, classes, axes */
  function take(found) {
    const anew = found.classes.length !== data.classes.length;
    data = found;
    picture.points(data.points, data.axes);
    showTools();
    address();
    return attempt(ask(0, anew ? undefined : last()));
  }

  function showTools() {
    const tool = (/** @type {string} */ value, /** @type {(Node | string)[]} */ ...words) =>
      el("label", {}, el("input", { type: "radio", name: "plane-press", value, checked: value === chosen }), ...words);
    const was = $("input[name=plane-press]:checked")?.value;
    const known = data.classes.map((_, i) => String(i));
    const chosen = was && [...known, "look", "remove"].includes(was) ? was : "look";
    $("#plane-tools").replaceChildren(
      tool("look", t("plane.look")),
      ...data.classes.map((name, c) => tool(String(c), mark(c), ` ${name}`)),
      tool("remove", t("plane.remove")),
    );
  }

  async function made() {
    const [kind, noise, n, seed] = ["data", "noise", "count", "seed"].map((name) => field(name).value);
    await take(kind === OWN ? { points: [], classes: ["0", "1"], axes: ["x[0]", "x[1]"] } : await api.points({ kind, noise, n, seed }));
  }

  const address = soon(() => {
    if (!location.hash.startsWith("#/plane")) return;
    const query = new URLSearchParams(FIELDS.map((name) => [name, field(name).value]));
    const few = field("data").value === OWN && data.points.length <= IN_ADDRESS;
    if (few) query.set("points", data.points.map((p) => p.join(",")).join(";"));
    history.replaceState(null, "", `#/plane?${query}`);
  });

  async function fromAddress() {
    const said = new URLSearchParams(location.hash.startsWith("#/plane?") ? location.hash.split("?")[1] : "");
    for (const name of FIELDS) if (said.has(name)) field(name).value = said.get(name);
    const points = (said.get("points") ?? "").split(";").filter(Boolean).map((p) => p.split(",").map(Number));
    if (!points.length) return made();
    const count = Math.max(1, ...points.map((p) => p[2])) + 1;
    await take({ points, classes: Array.from({ length: count }, (_, i) => String(i)), axes: ["x[0]", "x[1]"] });
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const name = /** @type {any} */ (event.target).name;
    pause();
    address();
    if (["data", "noise", "count"].includes(name)) return attempt(made());
    attempt(ask(0, ["learning_rate", "batch_size"].includes(name) ? last() : undefined));
  });
  $("#plane-play").addEventListener("click", () => (running ? pause() : attempt(play())));
  $("#plane-one").addEventListener("click", () => attempt(ask(1, last())));
  $("#plane-again").addEventListener("click", () => { pause(); attempt(ask(0)); });
  $("#plane-seed").addEventListener("click", () => {
    field("seed").value = String(Number(field("seed").value) + 1);
    address();
    pause();
    attempt(ask(0));
  });
  $("#plane-back").addEventListener("input", (/** @type {any} */ event) => {
    pause();
    shown = Number(event.target.value) === answers.length - 1 ? -1 : Number(event.target.value);
    show();
  });
  $("#plane-file").addEventListener("change", async (/** @type {any} */ { target }) => {
    const [file] = target.files;
    target.value = "";
    if (!file) return;
    field("data").value = OWN;
    await attempt(api.loadPoints(file).then(take));
  });
  window.addEventListener("colours", paint);
  window.addEventListener("hashchange", paint);
  await attempt(fromAddress());
}
