/** The diagram of a network: its layers with this drawing's activations, and the strongest paths between them. */

import { diverging, inked, largest, paintPixels } from "./colours.js";
import { $, chance, el, short, svg } from "./dom.js";
import { columns, Layout } from "./layers.js";
import { drawPaths } from "./paths.js";
import { t } from "./text.js";

/** @typedef {import("./layers.js").Column} Column */
/** @typedef {{column: number, unit: number, row: number, place: number}} Choice a unit, or a place (row, place) in a map */

/** @type {Record<string, number[] | undefined>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Diagram {
  /** @type {Column[]} */
  columns = [];
  /** @type {Layout[]} */
  #layouts = [];
  /** @type {HTMLElement[]} */
  #pictures = [];
  /** @type {Choice | null} what somebody chose; otherwise the strongest unit is shown */
  #kept = null;
  #seen = /** @type {any} */ (null);
  #model = /** @type {any} */ (null);
  #upright = true;

  /**
   * @param {HTMLElement} place
   * @param {(choice: Choice) => void} onShow called with what is pointed at, or kept
   */
  constructor(place, onShow) {
    this.place = place;
    this.onShow = onShow;
    new ResizeObserver(() => this.#resize()).observe(place);
  }

  /**
   * @param {any} seen an answer of /api/look
   * @param {any} model
   */
  show(seen, model) {
    if (model.id !== this.#model?.id) this.#kept = null;
    const anew = model.id !== this.#model?.id || !this.#pictures.length;
    [this.#seen, this.#model] = [seen, model];
    this.place.dataset.model = model.id;
    this.columns = columns(seen, model);
    if (anew) this.#build();
    this.#paint();
  }

  repaint() {
    if (this.#seen) this.#paint();
  }

  #build() {
    this.#upright = getComputedStyle(this.place).flexDirection === "row";
    this.#pictures = this.columns.map((column, i) => this.#picture(column, i));
    const parts = this.columns.map((column, i) =>
      el(
        "div",
        { className: "layer" },
        el("h2", {}, column.title, el("small", { textContent: column.words })),
        this.#pictures[i],
      ),
    );
    this.place.replaceChildren(...parts, svg("svg", { "aria-hidden": "true" }));
  }

  /**
   * @param {Column} column
   * @param {number} index
   */
  #picture(column, index) {
    const canvas = el("canvas", {
      tabIndex: 0,
      role: "slider",
      "aria-label": `${column.title}: ${column.words}`,
      "aria-valuemin": "0",
      "aria-valuemax": String(column.count - 1),
      "aria-orientation": "horizontal",
      onpointermove: (/** @type {PointerEvent} */ event) => this.#point(index, event),
      onpointerleave: () => this.#choose(this.#kept ?? this.#strongest(), false),
      onclick: (/** @type {PointerEvent} */ event) => this.#point(index, event, true),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(index, event),
      onfocus: () => this.#choose(this.#current(index), true),
    });
    return el("div", { className: `units ${column.kind}` }, el("div", {}, canvas, el("i", { hidden: true })));
  }

  #paint() {
    this.#layouts = this.columns.map((column) => new Layout(column, this.#upright));
    this.columns.forEach((column, i) => {
      const [layout, picture] = [this.#layouts[i], this.#pictures[i]];
      const scale = column.kind === "image" ? inked(1) : diverging(largest(column.values));
      const blank = scale(0);
      paintPixels($("canvas", picture), layout.picture(), layout.columns, (v) => (Number.isNaN(v) ? blank : scale(v)));
      const { style } = /** @type {HTMLElement} */ (picture.parentElement);
      style.setProperty("--width", `${layout.columns * cell(layout, this.#upright)}px`);
      style.setProperty("--shape", `${layout.columns} / ${layout.rows}`);
      if (column.kind === "output") this.#label(picture, column);
    });
    this.#drawPaths();
    this.#choose(this.#kept ?? this.#strongest(), false);
  }

  /**
   * @param {HTMLElement} picture
   * @param {Column} column
   */
  #label(picture, column) {
    $("ol", picture)?.remove();
    const best = column.values.indexOf(Math.max(...column.values));
    const names = [...column.values].map((p, i) =>
      el(
        "li",
        { className: i === best ? "best" : "" },
        el("b", { textContent: this.#seen.classes[i] }),
        el("span", { textContent: chance(p) }),
      ),
    );
    picture.append(el("ol", { className: "outputs" }, ...names));
  }

  #drawPaths() {
    const box = this.place.getBoundingClientRect();
    const centre = (/** @type {number} */ layer, /** @type {number} */ unit) =>
      this.#centre(this.#columnOf(layer), unit, box);
    drawPaths($("svg", this.place), this.#seen.paths.edges, centre);
  }

  /** @param {number} layer */
  #columnOf(layer) {
    return layer < 0 ? 0 : this.columns.findIndex((column) => column.layers.includes(layer));
  }

  /**
   * The middle of a unit on the screen.
   * @param {number} index
   * @param {number} unit
   * @param {DOMRect} area
   */
  #centre(index, unit, area) {
    const [layout, box] = [this.#layouts[index], $("canvas", this.#pictures[index]).getBoundingClientRect()];
    const [x, y] = index === 0 ? [unit % 28, Math.floor(unit / 28)] : layout.place(unit);
    const [width, height] = [box.width / layout.columns, box.height / layout.rows];
    return [box.left - area.left + (x + 0.5) * width, box.top - area.top + (y + 0.5) * height];
  }

  #strongest() {
    return this.#current(this.columns.length > 2 ? 1 : this.columns.length - 1);
  }

  /**
   * @param {number} index
   * @param {number} unit
   * @returns {Choice} in a map its largest number
   */
  #brightest(index, unit) {
    const { values, height, width } = this.columns[index];
    const map = values.slice(unit * height * width, (unit + 1) * height * width);
    const at = map.indexOf(Math.max(...map));
    return { column: index, unit, row: Math.floor(at / width), place: at % width };
  }

  /** @param {number} index */
  #current(index) {
    if (this.#kept?.column === index) return this.#kept;
    const { relevance } = this.columns[index];
    return this.#brightest(index, Math.max(0, relevance.indexOf(Math.max(...relevance))));
  }

  /**
   * @param {number} index
   * @param {PointerEvent} event
   * @param {boolean} [keep]
   */
  #point(index, event, keep = false) {
    const layout = this.#layouts[index];
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * layout.columns);
    const y = Math.floor(((event.clientY - box.top) / box.height) * layout.rows);
    const found = layout.at(x, y);
    if (found) this.#choose({ column: index, unit: found.unit, row: found.row, place: found.column }, keep);
  }

  /**
   * @param {number} index
   * @param {KeyboardEvent} event
   */
  #key(index, event) {
    const [layout, now] = [this.#layouts[index], this.#current(index)];
    const step = ARROWS[event.key];
    const jump = { PageUp: -1, PageDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step) {
      const [x, y] = layout.place(now.unit, now.row, now.place);
      const next = layout.at(x + step[0], y + step[1]) ?? layout.at(x + 2 * step[0], y + 2 * step[1]);
      if (next) this.#choose({ column: index, unit: next.unit, row: next.row, place: next.column }, true);
    } else if (jump) {
      this.#choose({ ...now, unit: Math.min(this.columns[index].count - 1, Math.max(0, now.unit + jump)) }, true);
    } else return;
    event.preventDefault();
  }

  /**
   * @param {Choice} choice
   * @param {boolean} keep
   */
  #choose(choice, keep) {
    if (keep) this.#kept = choice;
    this.#pictures.forEach((picture, i) => this.#mark(picture, i, choice));
    this.onShow(choice);
  }

  /**
   * @param {HTMLElement} picture
   * @param {number} index
   * @param {Choice} choice
   */
  #mark(picture, index, choice) {
    const [ring, canvas] = [$("i", picture), $("canvas", picture)];
    ring.hidden = index !== choice.column;
    const { unit, row, place } = index === choice.column ? choice : this.#current(index);
    const { values, height, width, kind } = this.columns[index];
    const value = short(values[(unit * height + row) * width + place]);
    canvas.setAttribute("aria-valuenow", String(unit));
    canvas.setAttribute(
      "aria-valuetext",
      kind === "units" || kind === "output"
        ? t("network.unit", { unit, value })
        : t("network.map", { unit, row, column: place, value }),
    );
    const layout = this.#layouts[index];
    const [x, y] = layout.place(unit, row, place);
    Object.assign(ring.style, {
      left: `calc(${(100 * x) / layout.columns}% - 2px)`,
      top: `calc(${(100 * y) / layout.rows}% - 2px)`,
      width: `calc(${100 / layout.columns}% + 4px)`,
      height: `calc(${100 / layout.rows}% + 4px)`,
    });
  }

  /**
   * Mark the window in the maps before that the chosen number is computed from.
   * @param {Choice} choice
   * @param {any} kernel an answer of /api/models/…/kernel, or null
   */
  showWindow({ column }, kernel) {
    for (const mark of this.place.querySelectorAll(".window")) mark.remove();
    if (!kernel) return;
    const [layout, picture] = [this.#layouts[column - 1], this.#pictures[column - 1]];
    const { height, width } = this.columns[column - 1];
    const [top, left] = [Math.max(0, kernel.top), Math.max(0, kernel.left)];
    const [bottom, right] = [Math.min(height, kernel.top + kernel.extent[0]), Math.min(width, kernel.left + kernel.extent[1])];
    const marks = kernel.channels.map((/** @type {any} */ { channel }) => {
      const [x, y] = layout.place(channel, top, left);
      const mark = el("i", { className: "window" });
      Object.assign(mark.style, {
        left: `${(100 * x) / layout.columns}%`,
        top: `${(100 * y) / layout.rows}%`,
        width: `${(100 * (right - left)) / layout.columns}%`,
        height: `${(100 * (bottom - top)) / layout.rows}%`,
      });
      return mark;
    });
    /** @type {HTMLElement} */ (picture.firstElementChild).append(...marks);
  }

  /** Choose the next place of the chosen map, row by row, from its end again its beginning. */
  next() {
    const now = this.#kept ?? this.#strongest();
    const { height, width } = this.columns[now.column];
    const at = (now.row * width + now.place + 1) % (height * width);
    this.#choose({ ...now, row: Math.floor(at / width), place: at % width }, true);
  }

  #resize() {
    if (!this.#seen || !this.place.clientWidth) return;
    const upright = getComputedStyle(this.place).flexDirection === "row";
    if (upright !== this.#upright) this.#build();
    this.#paint();
  }
}

/**
 * How large a number is painted, in pixels of the page.
 * @param {Layout} layout
 * @param {boolean} upright
 */
function cell(layout, upright) {
  const { kind, count } = layout.column;
  if (kind === "image") return 8;
  if (kind === "maps") return Math.max(1, Math.round((upright ? 150 : 260) / layout.columns));
  return kind === "output" ? 34 : count > 200 ? 17 : count > 64 ? 20 : 30;
}
