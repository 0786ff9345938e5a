/** The doubtful fields of forms as pictures: type what you see and press Enter; the next one comes. */

import * as api from "./api.js";
import { $, el, say } from "./dom.js";
import { t } from "./text.js";

const AT_ONCE = 30; // fields that are shown; more come as these are done

/** @param {(sentence: string) => void} trouble */
export async function startReview(trouble) {
  const { fields } = await api.review();
  const list = $("#review-fields");
  const open = fields.filter((/** @type {any} */ field) => field.label === null);
  let done = fields.length - open.length;
  const tell = () => {
    $("#review-words").textContent = t("review.done", { done, count: fields.length });
    $("#review-end").hidden = done < fields.length;
  };
  const more = () => {
    while (list.querySelectorAll("input:not(.seen)").length < AT_ONCE && open.length) list.append(card(open.shift()));
  };

  /** @param {any} field */
  function card(field) {
    const input = el("input", { value: field.text, maxLength: 200, autocomplete: "off", spellcheck: false, translate: false, onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      answer(input, field, event.key === "Enter" ? input.value : null);
    } });
    const words = t("review.place", { scan: field.scan, page: field.page || 1, field: field.field, reason: field.reason });
    return el("li", { className: "card" }, el("label", {}, el("img", { src: `api/v1/review/${field.number}/picture`, alt: "" }), el("span", { className: "note", translate: false, textContent: words }), input));
  }

  /**
   * @param {HTMLInputElement} input
   * @param {any} field
   * @param {string | null} label
   */
  async function answer(input, field, label) {
    try {
      done = (await api.correct(field.number, label)).done;
      trouble("");
    } catch (error) {
      return trouble(/** @type {Error} */ (error).message);
    }
    input.classList.toggle("seen", label !== null);
    if (label === null) input.value = field.text;
    more();
    tell();
    say($("#review-words").textContent);
    const inputs = [...list.querySelectorAll("input")];
    inputs.slice(inputs.indexOf(input) + 1).find((one) => !one.classList.contains("seen"))?.focus();
  }

  more();
  tell();
  $("#review-link").hidden = false;
}
