/** The view on which one draws: the reading, its probabilities, and what spoke for and against it. */

import * as api from "./api.js";
import { showBars } from "./bars.js";
import { Sheet } from "./canvas.js";
import { diverging, inked, largest, paintPixels } from "./colours.js";
import { $, chance, el, say } from "./dom.js";
import { t } from "./text.js";

/**
 * @param {import("./drawing.js").Drawing} drawing
 * @param {import("./reading.js").Reading} reading
 * @param {(model: string) => string} nameOf a network
 */
export function startDraw(drawing, reading, nameOf) {
  const sheet = new Sheet($("#sheet"), drawing);
  sheet.onPen = (down) => say(t(down ? "sheet.down" : "sheet.up"));
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
    ? t("draw.time", { time: Math.round(reading.latency) })
    : "";
  const row = nameOf(reading.read?.model ?? "");
  $("#verdict-network").replaceChildren(
    ...(digits.length > 1 ? [t("draw.rows", { row }), " "] : [t("draw.network"), " "]),
    el("a", { href: "#/inside", textContent: nameOf(reading.model), translate: false }),
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
      ? t("draw.nothing")
      : none(reading);
  $("#for-words").textContent = seen ? t("draw.for_words", { answer }) : "";
  $("#change-words").textContent = seen
    ? t("draw.change_words", { answer, other })
    : "";
  announce(`${seen ? t("draw.reads", { text: reading.text }) : ""} ${$("#verdict-words").textContent}`);
}

/**
 * Why there is no digit.
 * @param {import("./reading.js").Reading} reading
 */
function none({ read, digits }) {
  if (digits.length) return t("draw.shared");
  const [guess] = read?.rejected ?? [];
  if (guess?.text)
    return t("draw.unsure", { guess: guess.text, chance: chance(guess.confidence) });
  return t("draw.none");
}

const blank = new Float32Array(784);

/**
 * @param {any} seen an answer of /api/look
 * @param {string | undefined} read what it was read as among others
 */
function sentence({ classes, probabilities, answer }, read) {
  const [, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const sure = t("draw.sure", { chance: chance(answer.probability), answer: answer.text, second: classes[second], other: chance(probabilities[second]) });
  return !read || read === answer.text ? sure : t("draw.in_row", { read, sure });
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
