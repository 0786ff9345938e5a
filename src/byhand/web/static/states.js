/** How a recurrent network reads the drawing step by step: its state and gates, what it would say, one unit's equations. */

import * as api from "./api.js";
import { colour, diverging, inked, largest, paintPixels } from "./colours.js";
import { showBars } from "./bars.js";
import { $, eachFrame, el, short } from "./dom.js";
import { equation } from "./equation.js";
import { t } from "./text.js";

const PAUSE = 300; // milliseconds between two steps while it plays
const HIGHEST = 280; // of a picture, in pixels of the page

/** @type {{layer: number, step?: number, unit: number}} */
let place = { layer: 0, unit: 0 };
let asked = 0; // the latest question; answers to earlier ones come too late
let shown = "";
/** @type {number | undefined} */
let playing;
/** @type {any} */ let seen;
/** @type {any} */ let model;
/** @type {(error: Error) => void} */ let said;

/**
 * @param {any} nowSeen an answer of /api/look
 * @param {any} nowModel
 * @param {(error: Error) => void} onTrouble
 */
export function showStates(nowSeen, nowModel, onTrouble) {
  [seen, model, said] = [nowSeen, nowModel, onTrouble];
  if (!model.inside?.includes("states")) {
    $("#states").hidden = true;
    ++asked;
    stop();
    return;
  }
  if (model.id !== shown) [place, shown] = [{ layer: 0, unit: 0 }, model.id];
  ask();
}

const ask = eachFrame(() => {
  answer().catch((error) => said(error));
});

async function answer() {
  const mine = ++asked;
  const image = api.bytes(seen.image);
  const found = await api.states(image, model.id, place);
  if (mine !== asked) return;
  const section = $("#states");
  if (section.hidden || section.dataset.model !== model.id || section.dataset.layer !== String(found.layer)) build(section, found);
  fill(section, found, image);
}

/** @param {Partial<typeof place>} change */
function go(change) {
  place = { ...place, ...change };
  ask();
}

function stop() {
  clearInterval(playing);
  playing = undefined;
  const button = document.getElementById("states-play");
  if (button) button.textContent = t("states.play");
}

/**
 * The elements, once for a layer.
 * @param {HTMLElement} section
 * @param {any} found
 */
function build(section, found) {
  Object.assign(section.dataset, { model: model.id, layer: found.layer });
  const { reverse } = found.layers[found.layer];
  const play = () => {
    if (playing) return stop();
    if (place.step === last(found)) go({ step: reverse ? found.steps - 1 : 0 });
    playing = setInterval(() => {
      const step = (place.step ?? 0) + (reverse ? -1 : 1);
      if (step < 0 || step >= found.steps) stop();
      else go({ step });
    }, PAUSE);
    $("#states-play").textContent = t("plane.pause");
  };
  const layers = found.layers.map((/** @type {any} */ one, /** @type {number} */ i) => new Option(`${one.name}: ${one.label}${one.reverse ? ` ${t("states.back")}` : ""}`, String(i), false, i === found.layer));
  const choose = el("select", { "aria-label": t("states.layer"), translate: false, onchange: (/** @type {any} */ { target }) => go({ layer: Number(target.value), unit: 0, step: undefined }) }, ...layers);
  const slider = el("input", { id: "states-step", type: "range", min: "0", max: String(found.steps - 1), step: "1", "aria-describedby": "states-words", oninput: () => { stop(); go({ step: Number(slider.value) }); } });
  section.replaceChildren(
    el("div", { className: "row" }, el("h2", { className: "grow", textContent: t("states.title") }), ...(found.layers.length > 1 ? [choose] : [])),
    el("p", { className: "note", textContent: t("states.about") }),
    el("div", { className: "row" }, el("button", { id: "states-play", type: "button", textContent: t("states.play"), onclick: play }), el("label", { className: "grow slide" }, el("span", { textContent: t("states.step") }), slider, el("span", { id: "states-words", className: "note" }))),
    el("div", { className: "states" },
      el("div", { className: "stack tight" }, el("canvas", { className: "pixels", role: "img", "aria-label": t("states.drawing") }), el("h3", { id: "states-answer", textContent: t("states.answer") }), el("ol", { className: "bars small", "aria-labelledby": "states-answer" })),
      el("div", { className: "stack tight parts" }, ...found.parts.map((/** @type {any} */ part) => picture(part.name, found)))),
    el("h3", { id: "states-unit" }),
    el("div", { className: "equation" }),
  );
  section.hidden = false;
}

/** The step that a layer takes last. @param {any} found */
const last = (found) => (found.layers[found.layer].reverse ? 0 : found.steps - 1);

/**
 * @param {string} name
 * @param {any} found
 */
function picture(name, found) {
  const { units } = found.layers[found.layer];
  const clamp = (/** @type {number} */ v, /** @type {number} */ count) => Math.min(count - 1, Math.max(0, v));
  const canvas = el("canvas", {
    tabIndex: 0, role: "slider", "aria-label": t(`states.${name}`), "aria-valuemin": 0, "aria-valuemax": units - 1,
    onclick: (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      stop();
      go({ unit: clamp(Math.floor(((event.clientX - box.left) / box.width) * units), units), step: clamp(Math.floor(((event.clientY - box.top) / box.height) * found.steps), found.steps) });
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!move) return;
      event.preventDefault();
      stop();
      go({ unit: clamp(place.unit + move[0], units), step: clamp((place.step ?? last(found)) + move[1], found.steps) });
    },
  });
  canvas.style.height = `${Math.min(HIGHEST, 4 * found.steps)}px`;
  return el("figure", { className: "part" }, el("figcaption", { textContent: t(`states.${name}`) }), el("div", {}, canvas, el("i", {})));
}

/**
 * The numbers of the drawing and the step.
 * @param {HTMLElement} section
 * @param {any} found
 * @param {Uint8Array} image
 */
function fill(section, found, image) {
  place = { layer: found.layer, step: found.step, unit: found.unit };
  const { layer, step, unit, steps, pixels, parts, answers, classes } = found;
  const { units, reverse } = found.layers[layer];
  $("#states-step").value = step;
  $("#states-words").textContent = t("states.of", { step, last: steps - 1 });
  paintDrawing($("canvas", section), image, pixels, step, reverse);
  const bars = $(".bars", section);
  bars.hidden = $("#states-answer").hidden = !answers;
  if (answers) showBars(bars, classes, answers[step]);
  section.querySelectorAll(".part").forEach((figure, i) => {
    const { name, values } = parts[i];
    const numbers = api.numbers(values);
    const canvas = $("canvas", figure);
    paintPixels(canvas, numbers, units, diverging("iforu".includes(name) ? 1 : largest(numbers)));
    canvas.setAttribute("aria-valuenow", String(unit));
    canvas.setAttribute("aria-valuetext", t("states.value", { unit, step, value: short(numbers[step * units + unit]) }));
    Object.assign($("i", figure).style, { left: `calc(${(100 * unit) / units}% - 2px)`, top: `calc(${(100 * step) / steps}% - 2px)`, width: `calc(${100 / units}% + 4px)`, height: `calc(${100 / steps}% + 4px)` });
  });
  $("#states-unit").textContent = t("states.unit", { unit, step });
  $(".equation", section).replaceChildren(...found.equations.map((/** @type {any} */ one) => equation(one)));
}

/**
 * The drawing: what is read is ink, what is not yet is faint, and a line marks what this step reads.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} image
 * @param {number | null} pixels of a step
 * @param {number} step
 * @param {boolean} reverse
 */
function paintDrawing(canvas, image, pixels, step, reverse) {
  const zoom = 4;
  const [full, faint] = [inked(255), inked(900)];
  const [from, to] = pixels ? [step * pixels, (step + 1) * pixels] : [0, 784];
  Object.assign(canvas, { width: 28 * zoom, height: 28 * zoom });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  for (let i = 0; i < 784; i++) {
    const read = reverse ? i >= from : i < to;
    context.fillStyle = `rgb(${(read ? full : faint)(image[i]).join()})`;
    context.fillRect((i % 28) * zoom, Math.floor(i / 28) * zoom, zoom, zoom);
  }
  if (!pixels) return;
  const [top, bottom] = [Math.floor(from / 28), Math.ceil(to / 28)];
  const [left, right] = pixels < 28 ? [from % 28, (from % 28) + pixels] : [0, 28];
  context.strokeStyle = colour("accent");
  context.lineWidth = 2;
  context.strokeRect(left * zoom + 1, top * zoom + 1, (right - left) * zoom - 2, (bottom - top) * zoom - 2);
}
