/** The page's text in the reader's language: messages by their keys, en.js and de.js. */

import de from "./de.js";
import deServer from "./de-server.js";
import { store, stored } from "./dom.js";
import en from "./en.js";

/** @type {Record<string, Record<string, string>>} */
const LANGUAGES = { en, de };
export const LANGUAGE = "byhand-language";
const own = navigator.language.slice(0, 2);
export const language = LANGUAGES[stored(LANGUAGE)] ? stored(LANGUAGE) : LANGUAGES[own] ? own : "en";

/**
 * The message of that key, with values for its names in braces.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  return (LANGUAGES[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** What the server says in English, in other languages; by the longest sentences first. */
const SENTENCES = Object.entries(/** @type {Record<string, Record<string, string>>} */ ({ de: deServer })[language] ?? {})
  .sort(([a], [b]) => bare(b) - bare(a))
  .map(([english, own]) => /** @type {[RegExp, string]} */ ([new RegExp(`^${english.split(/\{\d\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.*?)")}$`, "s"), own]));

/** How long a sentence is without its values. @param {string} sentence */
function bare(sentence) {
  return sentence.replace(/\{\d\}/g, "").length;
}

/**
 * A sentence of the server in the reader's language; as it came where it is not known.
 * @param {string} sentence
 */
export function translated(sentence) {
  for (const [english, own] of SENTENCES) {
    const values = english.exec(sentence)?.slice(1);
    if (values) return own.replace(/\{(\d)\}/g, (_, k) => values[k]);
  }
  return sentence;
}

/** Fill in the page: data-t is an element's text, data-label its name for those who do not see it, data-alt an image's. */
export function translate() {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of document.querySelectorAll("[data-alt]")) element.setAttribute("alt", t(element.dataset.alt));
}

/** The switch. @param {HTMLSelectElement} choice */
export function startLanguage(choice) {
  for (const name of Object.keys(LANGUAGES)) {
    const words = new Intl.DisplayNames([name], { type: "language" }).of(name) ?? name;
    choice.add(new Option(words, name, false, name === language));
  }
  choice.addEventListener("change", () => {
    store(LANGUAGE, choice.value);
    location.reload();
  });
}
