/** The view on which one draws: the reading, its probabilities, and what spoke for and against it. */

import * as api from "./api.js";
import { showBars } from "./bars.js";
import { Sheet } from "./canvas.js";
import { diverging, inked, largest, paintPixels } from "./colours.js";
import { $, chance, el, say } from "./dom.js";

/**
 * @param {import("./drawing.js").Drawing} drawing
 * @param {import("./reading.js").Reading} reading
 * @param {(model: string) => string} nameOf a network
 */
export function startDraw(drawing, reading, nameOf) {
  const sheet = new Sheet($("#sheet"), drawing);
  sheet.onPen = (down) => say(down ? "Pen down" : "Pen up");
  $("#undo").addEventListener("click", () => drawing.undo());
  $("#clear").addEventListener("click", () => drawing.clear());
  drawing.addEventListener("change", () => {
    $("#sheet-hint").hidden = !drawing.empty;
  });
  reading.addEventListener("text", () => {
    sheet.boxes = reading.digits.length > 1 ? reading.digits.map((digit) => digit.box) : [];
    sheet.chosen = reading.chosen;
    sheet.paint();
    showVerdict(reading, nameOf);
  });
  reading.addEventListener("look", () => showLook(reading));
  reading.addEventListener("busy", () => $("#reading").setAttribute("aria-busy", "true"));
  reading.addEventListener("rest", () => $("#reading").setAttribute("aria-busy", "false"));
  window.addEventListener("colours", () => {
    sheet.paint();
    showLook(reading);
  });
}

/**
 * @param {import("./reading.js").Reading} reading
 * @param {(model: string) => string} nameOf
 */
function showVerdict(reading, nameOf) {
  const { digits, chosen } = reading;
  const texts = digits.map((digit, i) =>
    el("button", {
      type: "button",
      textContent: digit.text,
      "aria-pressed": String(i === chosen),
      onclick: () => reading.choose(i),
    }),
  );
  $("#verdict").replaceChildren(...(digits.length > 1 ? texts : [digits[0]?.text ?? "–"]));
  $("#reading").classList.toggle("many", digits.length > 2);
  $("#verdict-time").textContent = digits.length
    ? `${Math.round(reading.latency)} ms from the stroke to the prediction.`
    : "";
  const row = nameOf(reading.read?.model ?? "");
  $("#verdict-network").replaceChildren(
    ...(digits.length > 1 ? [`The rows were read by ${row}; each digit is looked at by `] : ["Network: "]),
    el("a", { href: "#/inside", textContent: nameOf(reading.model) }),
    ".",
  );
}

/** @param {import("./reading.js").Reading} reading */
function showLook(reading) {
  const { seen } = reading;
  const names = seen?.classes ?? [..."0123456789"];
  const chances = seen?.probabilities ?? names.map(() => 0);
  showBars($("#bars"), names, chances, (i) => reading.holdAgainst(i), seen?.second.index);
  const ink = seen ? api.numbers(seen.image) : blank;
  const spoke = seen ? api.numbers(seen.evidence.for) : blank;
  const change = seen ? api.numbers(seen.evidence.gradient) : blank;
  paintPixels($("#seen"), ink, 28, inked(1));
  paintPixels($("#for"), spoke, 28, diverging(largest(spoke)));
  paintPixels($("#change"), change, 28, diverging(largest(change)));
  const [answer, other] = [seen?.answer.text, seen?.second.text];
  $("#verdict-words").textContent = seen
    ? sentence(seen, reading.digits[reading.chosen]?.text)
    : reading.drawing.empty
      ? "Nothing drawn yet."
      : none(reading);
  $("#for-words").textContent = seen ? `Blue pixels raised the score of ${answer}, orange ones lowered it.` : "";
  $("#change-words").textContent = seen
    ? `More ink on blue favours ${answer} over ${other}; on orange it does the opposite.`
    : "";
  announce(`${seen ? `Reads ${reading.text}.` : ""} ${$("#verdict-words").textContent}`);
}

/**
 * Why there is no digit.
 * @param {import("./reading.js").Reading} reading
 */
function none({ read, digits }) {
  if (digits.length) return "Two digits share a stroke here; there is no picture of this one alone.";
  const [guess] = read?.rejected ?? [];
  if (guess?.text)
    return `No digit: the best guess would be ${guess.text}, and the network for rows is only ${chance(guess.confidence)} sure of it.`;
  return "No digit: the network for rows has learnt letters, scribbles and lines, too, and sees nothing but these.";
}

const blank = new Float32Array(784);

/**
 * @param {any} seen an answer of /api/look
 * @param {string | undefined} read what it was read as among others
 */
function sentence({ classes, probabilities, answer }, read) {
  const [, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const sure = `${chance(answer.probability)} sure that it is ${answer.text}. Second guess: ${classes[second]}, ${chance(probabilities[second])}.`;
  return !read || read === answer.text ? sure : `Read as ${read} in its row; by itself ${sure}`;
}

/** @type {number | undefined} */
let waiting;

/**
 * Say it to those who do not see it, once the drawing rests.
 * @param {string} text
 */
function announce(text) {
  clearTimeout(waiting);
  waiting = setTimeout(() => say(text), 500);
}
