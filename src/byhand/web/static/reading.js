/** What the networks make of the drawing: asked anew as it changes, one request at a time. */

import * as api from "./api.js";
import { eachFrame } from "./dom.js";

/** @typedef {{text: string, confidence: number, box: number[], image: Uint8Array}} Digit with its box on the sheet */

const PATIENCE = 150; // milliseconds for which the probabilities may lag behind while one draws

/**
 * Tells "busy" and "rest", "read" when the text is there, "look" when what the model makes of the chosen digit is, and
 * "trouble" with a sentence as its detail.
 */
export class Reading extends EventTarget {
  text = "";
  /** @type {Digit[]} */
  digits = [];
  chosen = 0;
  /** @type {number | undefined} the class to hold against the answer; the second guess by default */
  other;
  /** @type {any} the last answer of /api/look */
  seen = null;
  /** from a change of the drawing to the text, in milliseconds */
  latency = 0;
  #wanted = false;
  #asking = false;
  #looked = 0; // when it looked last
  #changed = 0; // when the drawing did, 0 once that is read

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
      this.chosen = Infinity; // the last one written
      this.other = undefined;
      this.ask();
    });
  }

  /** @param {string} model */
  use(model) {
    this.model = model;
    this.other = undefined;
    this.ask();
  }

  /** @param {number} index of the digit to look at */
  choose(index) {
    this.chosen = index;
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
    const changed = this.#changed;
    this.#changed = 0;
    const { text, digits } = this.drawing.empty ? { text: "", digits: [] } : await this.#read();
    if (changed) this.latency = performance.now() - changed;
    Object.assign(this, { text, digits, chosen: Math.min(this.chosen, Math.max(0, digits.length - 1)) });
    this.dispatchEvent(new Event("read"));
    if (this.#wanted && performance.now() - this.#looked < PATIENCE) return; // the drawing goes on: read it first
    this.#looked = performance.now();
    const digit = digits[this.chosen];
    const inked = digit?.image.some(Boolean); // where two digits are one stroke, one may have none of its own
    this.seen = inked ? await api.look(digit.image, this.model, this.other) : null;
    this.dispatchEvent(new Event("look"));
  }

  async #read() {
    const picture = this.drawing.picture();
    const answer = await api.read(picture, this.model);
    const found = answer.lines.flatMap((/** @type {any} */ line) => line.digits);
    const digits = found.map((/** @type {any} */ digit) => ({
      text: digit.digit,
      confidence: digit.confidence,
      box: picture.onSheet(digit.box),
      image: api.bytes(digit.image),
    }));
    return { text: answer.text, digits };
  }
}
