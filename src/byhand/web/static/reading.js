/** What the networks make of the drawing: asked anew as it changes, one request at a time. */

import * as api from "./api.js";
import { eachFrame, store } from "./dom.js";

/** @typedef {{text: string, box: number[]}} Digit with its box on the sheet */

export const MODEL = "byhand-model"; // in the browser's storage
const PAPER = 8; // pixels of paper that go with a digit that is cut out

/**
 * Tells "busy" and "rest", "text" when it has been read anew, "look" when it is known what the model makes of the chosen
 * digit, and "trouble" with a sentence as its detail.
 */
export class Reading extends EventTarget {
  text = "";
  /** @type {Digit[]} */
  digits = [];
  chosen = 0;
  /** @type {number | undefined} the class to hold against the answer; the second guess by default */
  other;
  /** @type {any} what the model makes of the chosen digit: an answer of /api/look */
  seen = null;
  /** @type {any} the server's reading of the drawing: an answer of /api/v1/read, or null */
  read = null;
  /** from a change of the drawing to the text, in milliseconds */
  latency = 0;
  #wish = Infinity; // which digit to look at: the last one, unless one is chosen
  #wanted = false;
  #asking = false;
  #changed = 0; // when the drawing did, 0 once that is asked about
  #begun = 0; // when the drawing changed that is asked about, 0 once that is answered
  #single = false; // whether the last reading found one digit, or none was made yet
  /** @type {Promise<any>} the last request for a reading */
  #reading = Promise.resolve(true);
  #goesOn = () => {};

  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {string} model
   */
  constructor(drawing, model) {
    super();
    this.drawing = drawing;
    this.model = model;
    this.ask = eachFrame(() => this.#ask());
    drawing.addEventListener("change", () => {
      this.#changed ||= performance.now();
      this.#wish = Infinity;
      this.other = undefined;
      this.ask();
    });
  }

  /** @param {string} model */
  use(model) {
    this.model = model;
    store(MODEL, model);
    this.other = undefined;
    this.ask();
  }

  /** @param {number} index of the digit to look at */
  choose(index) {
    this.#wish = index;
    this.other = undefined;
    this.ask();
  }

  /** @param {number} index of the class */
  holdAgainst(index) {
    this.other = index;
    this.ask();
  }

  async #ask() {
    this.#wanted = true;
    this.#goesOn();
    if (this.#asking) return;
    this.#asking = true;
    this.dispatchEvent(new Event("busy"));
    while (this.#wanted) {
      this.#wanted = false;
      await this.#once().catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error.message })));
    }
    this.#asking = false;
    this.dispatchEvent(new Event("rest"));
  }

  async #once() {
    const { drawing } = this;
    this.#begun = this.#changed;
    this.#changed = 0;
    if (drawing.empty || drawing.dot) {
      this.read = null;
      this.#single = true; // a drawing begins with one digit
      this.#found("", []);
      this.#saw(null);
      return;
    }
    const picture = drawing.picture();
    const looking = this.#look(picture, {});
    looking.catch(() => {}); // it may fail while the digits are counted: who waits for it is told then
    const early = this.#single ? await looking : null; // the network answers before the server has counted the digits
    if (early) this.#one(picture, early);
    const read = await this.#count(picture, Boolean(early));
    if (!read) return;
    this.read = read;
    const whole = await looking;
    if (!this.#single || !whole) await this.#row(picture, found(read));
    else if (!early) this.#one(picture, whole);
  }

  /**
   * The server's reading, one request at a time; null where the drawing has changed and nobody need wait.
   * @param {import("./drawing.js").Picture} picture
   * @param {boolean} answered whether an answer is shown already
   */
  async #count(picture, answered) {
    if (answered && this.#wanted) return null;
    const change = new Promise((done) => (this.#goesOn = () => answered && done(null)));
    if ((await Promise.race([this.#reading, change])) === null) return null;
    const asked = api.read(picture).then((read) => {
      this.#single = !this.drawing.empty && found(read).length === 1;
      return read;
    });
    this.#reading = asked.catch(() => true);
    return Promise.race([asked, change]);
  }

  /**
   * @param {string} text
   * @param {Digit[]} digits
   */
  #found(text, digits) {
    if (this.#begun) this.latency = performance.now() - this.#begun;
    this.#begun = 0;
    Object.assign(this, { text, digits, chosen: Math.min(this.#wish, Math.max(0, digits.length - 1)) });
    this.dispatchEvent(new Event("text"));
  }

  /** @param {any} seen */
  #saw(seen) {
    this.seen = seen;
    this.dispatchEvent(new Event("look"));
  }

  /**
   * One digit: the chosen network says which.
   * @param {import("./drawing.js").Picture} picture
   * @param {any} seen
   */
  async #one(picture, seen) {
    const { text } = seen.answer;
    this.#found(text, [{ text, box: picture.onSheet(seen.box) }]);
    this.#saw(seen);
  }

  /**
   * Several, or none: the server has read them, the chosen network looks at one of them.
   * @param {import("./drawing.js").Picture} picture
   * @param {any[]} signs
   */
  async #row(picture, signs) {
    const digits = signs.map((/** @type {any} */ digit) => ({ text: digit.digit, box: picture.onSheet(digit.box) }));
    this.#found(this.read.text, digits);
    if (this.#wanted) return; // the drawing goes on: read that first
    const chosen = signs[this.chosen];
    const inked = chosen && api.bytes(chosen.image).some(Boolean); // two digits in one stroke: one may have none of its own
    this.#saw(inked ? await this.#look(picture, { box: around(chosen.box, picture) }) : null);
  }

  /**
   * @param {import("./drawing.js").Picture} picture
   * @param {{box?: string}} options
   */
  async #look(picture, options) {
    const against = this.other === undefined ? {} : { class: this.other };
    try {
      return await api.look(picture, this.model, { ...options, ...against });
    } catch (error) {
      if (/** @type {any} */ (error).status === 422) return null; // no digit there
      throw error;
    }
  }
}

/** @param {any} read the digits in an answer of /api/v1/read */
const found = (read) => read.lines.flatMap((/** @type {any} */ line) => line.digits);

/**
 * A box with a little paper around it, as the server takes it.
 * @param {number[]} box
 * @param {{width: number, height: number}} picture
 */
const around = ([left, top, right, bottom], { width, height }) =>
  [
    Math.max(0, left - PAPER),
    Math.max(0, top - PAPER),
    Math.min(width, right + PAPER),
    Math.min(height, bottom + PAPER),
  ]
    .map(Math.round)
    .join(",");
