/** The view in which a network learns: the choices, its curves, what it is now, and the runs before. */

import * as api from "./api.js";
import { Sheet } from "./canvas.js";
import { $, eachFrame, el, percent, say, short } from "./dom.js";
import { showDrawn } from "./drawn.js";
import { showCharts, showTable } from "./runs.js";
import { chosen, startSettings } from "./settings.js";
import { showStep } from "./step.js";
import { inWords, Run } from "./training.js";
import { showConfusion, showWeights } from "./watch.js";
import { showBars } from "./bars.js";
import { t } from "./text.js";

const PACES = [1, 2, 4, 10, 30, 100, 0]; // steps a second; 0 is full speed
const pace = () => Number($("#pace").value);

/** @type {Run[]} newest first */
let runs = [];
/** @type {Run | null} */
let current = null;

/**
 * @param {import("./drawing.js").Drawing} drawing
 * @param {any} options the part "training" of /api/settings
 * @param {(sentence: string) => void} trouble
 * @param {(training: any) => void} onTrained
 * @param {(training: any) => void} onDraw with the network of a training
 */
export async function startLearn(drawing, options, trouble, onTrained, onDraw) {
  const form = /** @type {HTMLFormElement} */ ($("#settings"));
  startSettings(form, options);
  const sheet = new Sheet($("#learn-sheet"), drawing);
  const attempt = (/** @type {Promise<any>} */ work) => work.catch((error) => trouble(error.message));
  const start = async (/** @type {any} */ settings) => {
    const run = new Run(await api.train(settings));
    runs.unshift(run);
    listen(run, drawing, onTrained);
    open(run, drawing);
    $("#run").scrollIntoView({ block: "nearest" });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(start({ ...chosen(form), pace: PACES[pace()], paused: event.submitter?.getAttribute("name") === "by-step" }));
  });
  $("#too-fast").addEventListener("click", () =>
    attempt(start({ ...chosen(form), learning_rate: 100, name: t("learn.fast") })),
  );
  $("#pause").addEventListener("click", () =>
    attempt(/** @type {Run} */ (current).tell(current?.training.state === "paused" ? "resume" : "pause")),
  );
  $("#step").addEventListener("click", () => attempt(/** @type {Run} */ (current).tell("step")));
  $("#back").addEventListener("input", showLook);
  for (const [name, by] of /** @type {const} */ ([["before", -1], ["after", 1]])) {
    $(`#${name}`).addEventListener("click", () => {
      $("#back").value = String(Number($("#back").value) + by);
      showLook();
    });
  }
  const showPace = () => {
    $("#pace-words").textContent = PACES[pace()] ? t("learn.pace", { steps: PACES[pace()] }) : t("learn.full");
  };
  $("#pace").max = String(PACES.length - 1);
  $("#pace").value = $("#pace").max;
  $("#pace").addEventListener("input", () => {
    showPace();
    if (current?.active) attempt(api.pace(current.training.id, PACES[pace()]));
  });
  showPace();
  $("#draw-with").addEventListener("click", () => onDraw(current?.training));
  $("#stop").addEventListener("click", () => attempt(/** @type {Run} */ (current).tell("stop")));
  drawing.addEventListener(
    "change",
    eachFrame(() => attempt(watch(drawing))),
  );
  window.addEventListener("colours", () => {
    sheet.paint();
    showLook();
  });
  runs = (await api.trainings()).trainings.map((/** @type {any} */ training) => new Run(training));
  for (const run of runs) {
    listen(run, drawing, onTrained);
    if (run.learnt) onTrained(run.training);
  }
  if (runs.length) open(runs[0], drawing);
  else {
    showAll();
    showTable(runs, current, (run) => open(run, drawing));
  }
}

/**
 * @param {Run} run
 * @param {import("./drawing.js").Drawing} drawing
 * @param {(training: any) => void} onTrained
 */
function listen(run, drawing, onTrained) {
  const whenShown = (/** @type {() => void} */ work) => eachFrame(() => run === current && work());
  run.addEventListener("training", whenShown(showState));
  run.addEventListener("training", () => {
    showTable(runs, current, (run) => open(run, drawing));
    if (run.learnt) onTrained(run.training);
  });
  run.addEventListener("epoch", () => showTable(runs, current, (one) => open(one, drawing)));
  run.addEventListener("curves", whenShown(showProgress));
  run.addEventListener("look", whenShown(showLook));
  run.addEventListener("problems", whenShown(showProblems));
  run.addEventListener(
    "one",
    whenShown(() => showStep(run.one, run.training.id)),
  );
}

/**
 * @param {Run} run
 * @param {import("./drawing.js").Drawing} drawing
 */
function open(run, drawing) {
  if (current !== run) current?.leave();
  current = run;
  $("#back").value = $("#back").max;
  run.follow();
  watch(drawing);
  showAll();
  showTable(runs, current, (run) => open(run, drawing));
}

let watching = false;
let watchAgain = false;

/**
 * Hand the drawing to the training under way, one at a time, and show what it reads in it; one that has ended is asked.
 * @param {import("./drawing.js").Drawing} drawing
 */
async function watch(drawing) {
  watchAgain = true;
  if (watching) return;
  watching = true;
  while (watchAgain && current && !current.draws) {
    watchAgain = false;
    const { id } = current.training;
    const picture = drawing.empty ? null : drawing.picture();
    const answer = current.active ? api.watchDrawing(id, picture) : picture && api.look(picture, id);
    showOwn(await Promise.resolve(answer).catch(() => null)); // no digit there
  }
  watching = false;
}

function showAll() {
  showState();
  showProgress();
  showLook();
  showProblems();
  showStep(current?.one ?? null, current?.training.id ?? "");
}

function showState() {
  const training = current?.training;
  const active = Boolean(current?.active);
  const paused = training?.state === "paused";
  $("#pause").disabled = !(paused || training?.state === "running");
  $("#pause").textContent = t(paused ? "learn.resume" : "learn.pause");
  const draws = Boolean(current?.draws);
  $("#step").disabled = !paused || draws;
  $("#run-read").hidden = draws;
  $("#run-drawn").hidden = !draws;
  $("#draw-with").hidden = !current?.learnt;
  $("#stop").disabled = !active;
  $("#run-model").hidden = !training || active;
  if (training) {
    $("#run-model").href = `api/v1/trainings/${training.id}/model`;
    say(t(`learn.${training.state}`));
  }
  showProgress();
}

function showProgress() {
  const training = current?.training;
  if (training) {
    const { state, epoch, epochs, step, steps, error, history, ahead } = training;
    const loss = current?.losses.at(-1)?.[1];
    const parts = [
      t(`learn.${state}`),
      t(steps ? "learn.place" : "learn.place_open", { epoch, epochs, step: steps ? step - Math.max(0, epoch - 1) * steps : step, steps }),
    ];
    if (state === "waiting") parts.splice(1, 1, ahead ? t("learn.ahead", { ahead }) : t("learn.next"));
    if (current?.lost) parts.unshift(t("learn.lost"));
    if (Number.isFinite(loss)) parts.push(t("learn.loss_now", { loss: short(/** @type {number} */ (loss)) }));
    if (history.val_accuracy?.length)
      parts.push(t("class.right", { share: percent(history.val_accuracy.at(-1)) }));
    $("#run-words").textContent = error ?? `${inWords(training)}: ${parts.join("; ")}.`;
    $("#run-progress").value = step / (steps * epochs || 1);
  }
  showCharts(runs, current);
}

function showLook() {
  const looks = current?.looks ?? [];
  const back = $("#back");
  const newest = Number(back.value) >= Number(back.max); // who went back stays there
  back.max = String(Math.max(0, looks.length - 1));
  if (newest) back.value = back.max;
  back.disabled = $("#before").disabled = $("#after").disabled = looks.length < 2;
  const look = newest ? current?.look : looks[Number(back.value)];
  $("#back-words").textContent = look ? t("plane.at_step", { step: look.step }) : "";
  if (current?.draws) return showDrawn(look);
  showWeights($("#run-weights"), look);
  showConfusion($("#confusion"), look, current?.training.classes ?? []);
  showOwn(look?.drawing);
}

/** @param {any} own the classes and their probabilities for the drawing */
function showOwn(own) {
  const names = own?.classes ?? [..."0123456789"];
  showBars($("#run-bars"), names, own?.probabilities ?? names.map(() => 0));
}

function showProblems() {
  const found = current?.training.problems ?? [];
  $("#problems").replaceChildren(
    ...found.map((/** @type {any} */ problem) =>
      el("li", {}, el("b", { textContent: `${problem.name}. ` }), `${problem.seen} ${t("learn.try")} ${problem.advice}`),
    ),
  );
}
