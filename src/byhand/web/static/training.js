/** One training as the server tells of it: its state, its curves, its last look at itself. */

import * as api from "./api.js";
import { t } from "./text.js";

/** @typedef {[number, number][]} Points what is counted on the axis, and the value */

const LOOKS = 300; // are kept to go back to
const ACTIVE = ["loading", "waiting", "running", "paused"];

/** Tells "training" when its state changed, "epoch", "curves", "look", "one", and "problems". */
export class Run extends EventTarget {
  /** @type {Points} of the mini-batches, by step */
  losses = [];
  /** @type {Points} of the validation images, by step */
  accuracies = [];
  /** @type {Record<string, Points>} figures of two networks that learn from each other, by step */
  figures = {};
  /** @type {any} */
  look = null;
  /** @type {any} */
  one = null;
  /** whether the server is out of reach at the moment */
  lost = false;
  /** @type {any[]} the last looks, the oldest first */
  looks = [];
  /** @type {EventSource | null} */
  #source = null;

  /** @param {any} training */
  constructor(training) {
    super();
    this.training = training;
    this.#take(training);
  }

  get active() {
    return ACTIVE.includes(this.training.state);
  }

  /** Whether it has ended with a network to look into. */
  get learnt() {
    return ["finished", "stopped"].includes(this.training.state);
  }

  /** Whether its network draws. */
  get draws() {
    return this.training.reads === "noise";
  }

  /** Listen to the server until the training ends, or `leave`. */
  follow() {
    if (this.#source) return;
    this.#source = api.events(this.training.id);
    const on = (/** @type {string} */ name, /** @type {(data: any) => void} */ work) =>
      this.#source?.addEventListener(name, (event) => work(JSON.parse(event.data)));
    on("training", (training) => this.#take(training));
    on("step", (step) => this.#step(step));
    on("epoch", (row) => this.#epoch(row));
    on("look", (look) => this.#look(look));
    on("one", (one) => this.#one(one));
    on("problems", ({ problems }) => {
      this.training.problems = problems;
      this.#tell("problems");
    });
    on("end", (training) => {
      this.leave();
      this.#take(training);
    });
    this.#source.addEventListener("open", () => this.#connected(true));
    this.#source.addEventListener("error", () => this.#connected(false));
  }

  /**
   * The browser connects again by itself where the line broke; where the server knows the training no more, it is over.
   * @param {boolean} well
   */
  async #connected(well) {
    if (!well && this.#source) {
      const answer = await api.training(this.training.id).catch((error) => error);
      if (answer.status === 404) {
        this.leave();
        return this.#take({ ...this.training, state: "failed", error: t("training.gone", { reason: answer.message }) });
      }
    }
    if (this.lost === !well) return;
    this.lost = !well;
    this.#tell("curves");
  }

  leave() {
    this.#source?.close();
    this.#source = null;
  }

  /** @param {"pause" | "resume" | "stop" | "step"} what */
  async tell(what) {
    const answer = await api.tell(this.training.id, what);
    if (what === "step") this.#one(answer); // all else is told by the events, in their order
  }

  /** @param {any} training */
  #take(training) {
    this.training = training;
    const { curve } = training;
    this.losses = curve.step.map((/** @type {number} */ step, /** @type {number} */ i) => [step, curve.loss[i]]);
    for (const name of ["training", "problems", "curves"]) this.#tell(name);
  }

  /** @param {any} step */
  #step({ step, epoch, loss, learning_rate, figures = {} }) {
    Object.assign(this.training, { step, epoch });
    this.training.learning_rate = learning_rate;
    this.losses.push([step, loss]);
    for (const [name, value] of Object.entries(figures)) (this.figures[name] ??= []).push([step, value]);
    this.#tell("curves");
  }

  /** @param {any} row */
  #epoch(row) {
    const { history } = this.training;
    for (const [name, value] of Object.entries(row)) (history[name] ??= []).push(value);
    for (const name of ["epoch", "curves"]) this.#tell(name);
  }

  /** @param {any} look */
  #look(look) {
    this.look = look;
    this.looks = [...this.looks.slice(-LOOKS), look];
    this.accuracies.push([look.step, look.accuracy]);
    this.#tell("look");
    this.#tell("curves");
  }

  /** @param {any} one */
  #one(one) {
    if (this.one?.step === one.step) return; // told twice: as the answer, and as an event
    this.one = one;
    Object.assign(this.training, one.training);
    this.losses.push([one.step, one.loss.before]);
    for (const name of ["one", "training", "curves"]) this.#tell(name);
  }

  /**
   * The same points by epoch and its parts.
   * @param {Points} points
   * @returns {Points}
   */
  byEpoch(points) {
    const { steps, settings } = this.training;
    const each = steps || Math.ceil(settings.images / (settings.batch_size ?? settings.images));
    return points.map(([step, value]) => [step / each, value]);
  }

  /**
   * A row of the history as points at the ends of the epochs.
   * @param {string} name
   * @returns {Points}
   */
  history(name) {
    const { history } = this.training;
    return (history.epoch ?? []).map((/** @type {number} */ epoch, /** @type {number} */ i) => [
      epoch,
      history[name]?.[i],
    ]);
  }

  /**
   * A figure within epochs too, where it was followed from the start.
   * @param {string} name
   * @param {Points} live
   */
  points(name, live = this.figures[name] ?? []) {
    const rows = this.history(name);
    return live.length > rows.length ? this.byEpoch(live) : rows;
  }

  /** @param {string} name */
  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

/**
 * What it is called.
 * @param {any} training
 */
export function nameOf({ name, settings, kind }) {
  const units = settings.network === "dense" ? [784, ...settings.hidden, 10].join("-") : settings.network;
  return name || settings.recipe || (kind === "finetune" ? t("training.tuned") : units);
}

/**
 * What it is called, and how it learns.
 * @param {any} training
 */
export function inWords(training) {
  const { network, activation, optimizer, learning_rate } = training.settings;
  const steps = ["lstm", "transformer"].includes(network) ? [] : [activation];
  return [nameOf(training), ...steps, optimizer, `η ${learning_rate}`].join(", ");
}
