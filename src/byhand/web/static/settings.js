/** The form in which a training is chosen. */

import { $, el } from "./dom.js";
import { t, translated } from "./text.js";

/** @param {string} text */
const number = (text) => (text.trim() === "" ? null : Number(text.replace(",", ".")));

/** @param {any} value of a setting, as it stands in its field */
const written = (value) => (Array.isArray(value) ? value.join(" ") : String(value ?? ""));

const FIELDS = ["recipe", "network", "hidden", "activation", "loss", "optimizer", "learning_rate", "batch_size", "epochs", "images"];
const DRAWING = ["vae", "gan"];
const NUMBERS = ["learning_rate", "batch_size", "epochs", "images"];

/**
 * @param {HTMLFormElement} form
 * @param {any} options the part "training" of /api/settings
 */
export function startSettings(form, { recipes, networks, activations, losses, optimizers, defaults, starts }) {
  const field = (/** @type {string} */ name) => /** @type {any} */ (form.elements.namedItem(name));
  const option = (/** @type {string} */ value, text = value) => el("option", { value, textContent: text });
  field("recipe").append(
    option("", t("learn.no_recipe")),
    ...recipes.map((/** @type {any} */ recipe) => option(recipe.id)),
  );
  for (const [name, values] of Object.entries({
    network: networks,
    activation: activations,
    loss: losses,
    optimizer: optimizers,
  })) {
    const text = (/** @type {string} */ value) => (name === "network" ? t(`network.${value}`) : value);
    field(name).append(...values.map((/** @type {string} */ value) => option(value, text(value))));
  }
  const fill = (/** @type {any} */ settings) => {
    for (const [name, value] of Object.entries(settings)) {
      const input = field(name);
      if (input && name !== "recipe") input.value = written(value);
    }
    showNetwork();
  };
  let kind = defaults.network;
  const showNetwork = () => {
    kind = field("network").value;
    const draws = DRAWING.includes(kind);
    field("hidden").disabled = kind !== "dense" && !draws;
    field("activation").disabled = ["lstm", "transformer"].includes(kind);
    field("loss").disabled = field("by-step").disabled = draws;
  };
  field("network").addEventListener("change", () => {
    const [before, now] = [starts[kind], starts[field("network").value]];
    if (field("recipe").value && DRAWING.includes(now.network)) { // no recipe here draws
      field("recipe").value = "";
      $("#recipe-words").hidden = true;
      return fill(now);
    }
    for (const name of Object.keys(now)) // those that nobody has changed
      if (field(name) && field(name).value === written(before[name])) field(name).value = written(now[name]);
    showNetwork();
  });
  field("recipe").addEventListener("change", () => {
    const recipe = recipes.find((/** @type {any} */ one) => one.id === field("recipe").value);
    fill(recipe?.settings ?? defaults);
    $("#recipe-words").hidden = !recipe;
    $("#recipe-words").textContent = translated(recipe?.about ?? "");
  });
  fill(defaults);
  fromAddress(field, showNetwork);
  form.addEventListener("change", () => {
    const query = new URLSearchParams(Object.entries(FIELDS.reduce(
      (said, name) => (field(name).value === "" || field(name).disabled ? said : { ...said, [name]: field(name).value }),
      /** @type {Record<string, string>} */ ({}),
    )));
    history.replaceState(null, "", `#/learn?${query}`);
  });
}

/**
 * What the address says, such as #/learn?hidden=100&learning_rate=0.1: a teacher can send it.
 * @param {(name: string) => any} field
 * @param {() => void} done
 */
function fromAddress(field, done) {
  const said = new URLSearchParams(location.hash.split("?")[1] ?? "");
  if (said.get("recipe")) {
    field("recipe").value = said.get("recipe");
    field("recipe").dispatchEvent(new Event("change"));
  }
  for (const name of FIELDS.filter((name) => said.has(name))) {
    field(name).value = said.get(name);
    if (name === "network") field(name).dispatchEvent(new Event("change"));
  }
  done();
}

/**
 * What the form says, as the server wants it.
 * @param {HTMLFormElement} form
 */
export function chosen(form) {
  /** @type {any} */
  const settings = Object.fromEntries(new FormData(form));
  for (const name of NUMBERS) settings[name] = number(settings[name]);
  if (settings.hidden !== undefined)
    settings.hidden = settings.hidden
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
  settings.recipe ||= null;
  return settings;
}
