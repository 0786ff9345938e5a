/** Images that a network draws from numbers: two of them are a point in a plane, which can be dragged. */

import * as api from "./api.js";
import { inked, paintPixels, paintTiles } from "./colours.js";
import { eachFrame, el, short } from "./dom.js";
import { equation } from "./equation.js";
import { offer } from "./offer.js";
import { t } from "./text.js";

const EDGE = 3; // the plane goes from −3 to 3
const TILES = 9; // images along each side of its map
const STEP = 0.1; // of an arrow key

/**
 * @param {HTMLElement} place
 * @param {(error: Error | null) => void} said
 * @returns {(model: any) => void} to add a network
 */
export function startImages(place, said) {
  /** @type {Map<string, any>} */
  const models = new Map();
  /** @type {number[]} */
  let z = [];
  let axes = [0, 1];
  let pixel = [14, 14];
  const select = el("select", { translate: false, onchange: () => begin() });
  const chooser = el("label", { hidden: true }, el("span", { textContent: t("make.network") }), select);
  const label = el("select", { onchange: () => all() });
  const labelled = el("label", {}, el("span", { textContent: t("make.label") }), label);
  const across = el("select", { "aria-label": t("make.across"), onchange: () => turn() });
  const up = el("select", { "aria-label": t("make.up"), onchange: () => turn() });
  const others = el("div", { className: "row" }, el("label", { className: "note" }, t("make.across"), " ", across), el("label", { className: "note" }, t("make.up"), " ", up),
    el("button", { type: "button", textContent: t("make.others"), onclick: () => { z = normal(z.length); all(); } }));
  const map = el("canvas", { className: "pixels", "aria-hidden": "true" });
  const cross = el("i", {});
  const plane = el("div", {
    id: "make-plane", tabIndex: 0, role: "application", "aria-label": t("make.plane"), "aria-describedby": "make-keys",
    onpointerdown: (/** @type {PointerEvent} */ event) => { plane.setPointerCapture(event.pointerId); move(event); },
    onpointermove: (/** @type {PointerEvent} */ event) => event.buttons && move(event),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!step) return;
      event.preventDefault();
      go(z[axes[0]] + STEP * step[0] * (event.shiftKey ? 5 : 1), (z[axes[1]] ?? 0) + STEP * step[1] * (event.shiftKey ? 5 : 1));
    },
  }, map, cross);
  const image = el("canvas", { id: "make-image", className: "pixels", role: "img", "aria-label": t("make.image"), onclick: (/** @type {PointerEvent} */ event) => {
    const box = image.getBoundingClientRect();
    pixel = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width].map((part) => Math.min(27, Math.max(0, Math.floor(28 * part))));
    ask();
  } });
  const ring = el("i", { className: "ring" });
  const words = el("p", { id: "make-words", role: "status" });
  const title = el("h3", {});
  const equations = el("div", { className: "equation" });
  const body = el("div", { className: "stack", hidden: true }, chooser, labelled, others,
    el("div", { className: "make" }, el("figure", {}, el("figcaption", { textContent: t("make.plane") }), plane), el("figure", {}, el("figcaption", { textContent: t("make.image") }), el("div", { className: "ringed" }, image, ring))),
    words, el("p", { id: "make-keys", className: "note", textContent: t("make.keys") }), title, equations);
  const none = el("p", { className: "note", textContent: t("lacking.images") });
  place.replaceChildren(el("h2", { textContent: t("make.images") }), el("p", { className: "note", textContent: t("make.images_about") }), none, body);
  window.addEventListener("colours", () => body.hidden || all());

  const model = () => models.get(select.value);
  const told = () => (model().told ? { label: Number(label.value) } : {});

  /** A network is chosen anew. */
  function begin() {
    const latent = model().input_shape[0] - model().told;
    z = latent > 2 ? normal(latent) : Array(latent).fill(0);
    axes = [0, Math.min(1, latent - 1)];
    labelled.hidden = !model().told;
    label.replaceChildren(...Array.from({ length: model().told }, (_, i) => new Option(String(i), String(i))));
    others.hidden = latent <= 2;
    for (const [i, axis] of [across, up].entries()) {
      axis.replaceChildren(...z.map((_, k) => new Option(`z[${k}]`, String(k), false, k === axes[i])));
    }
    all();
  }

  /** Other numbers are dragged. */
  function turn() {
    axes = [Number(across.value), Number(up.value)];
    all();
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const box = plane.getBoundingClientRect();
    go(EDGE * ((2 * (event.clientX - box.left)) / box.width - 1), EDGE * (1 - (2 * (event.clientY - box.top)) / box.height));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  function go(x, y) {
    const inside = (/** @type {number} */ v) => Math.round(100 * Math.min(EDGE, Math.max(-EDGE, v))) / 100;
    if (axes[0] !== axes[1]) z[axes[1]] = inside(y);
    z[axes[0]] = inside(x);
    ask();
  }

  let asked = 0; // answers to earlier questions come too late
  const ask = eachFrame(() => {
    const mine = ++asked;
    const at = [(50 * (z[axes[0]] + EDGE)) / EDGE, 50 - (50 * z[axes[1]]) / EDGE];
    Object.assign(cross.style, { left: `${Math.min(100, Math.max(0, at[0]))}%`, top: `${axes[0] === axes[1] ? 50 : Math.min(100, Math.max(0, at[1]))}%` });
    api.images(model().id, { z: [z], pixel, ...told() }).then((found) => {
      if (mine !== asked) return;
      paintPixels(image, api.numbers(found.images), 28, inked(1));
      Object.assign(ring.style, { left: `${(100 * pixel[1]) / 28}%`, top: `${(100 * pixel[0]) / 28}%` });
      words.textContent = [...new Set(axes)].map((axis) => `z[${axis}] = ${short(z[axis])}`).join(", ");
      title.textContent = t("make.pixel", { row: pixel[0], column: pixel[1] });
      equations.replaceChildren(...found.equations.map((/** @type {any} */ one) => equation(one)));
    }, said);
  });

  let mapped = 0;
  /** The map anew, and the image. */
  function all() {
    const mine = ++mapped;
    const grid = Array.from({ length: TILES }, (_, i) => EDGE * ((2 * i + 1) / TILES - 1));
    const wanted = [...grid].reverse().flatMap((y) => grid.map((x) => {
      const one = [...z];
      if (axes[0] !== axes[1]) one[axes[1]] = y;
      one[axes[0]] = x;
      return one;
    }));
    api.images(model().id, { z: wanted, ...told() }).then((found) => mine === mapped && paintTiles(map, api.numbers(found.images), TILES, inked(1.6)), said);
    ask();
  }

  return (added) => {
    offer(select, models, added);
    none.hidden = true;
    body.hidden = false;
    begin();
  };
}

/**
 * Numbers from N(0, 1), by Box and Muller.
 * @param {number} count
 */
const normal = (count) => Array.from({ length: count }, () => Math.round(100 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())) / 100);
