/** A class: the address at which others join, the password that it asks for, and what everybody trains. */

import * as api from "./api.js";
import { $, el, percent } from "./dom.js";
import { t } from "./text.js";
import { inWords } from "./training.js";

const EVERY = 3000; // milliseconds between two looks at the class

/**
 * Show the view with the address, where others can reach the server, and the class.
 * @param {(training: any, whose: string) => void} onLook called with a run that shall be looked into
 * @param {(sentence: string) => void} trouble
 */
export async function startClass(onLook, trouble) {
  const { addresses, password } = await api.join();
  $("#class-link").hidden = !addresses.length;
  $("#class-join").hidden = !addresses.length;
  if (addresses.length) {
    const [first, ...others] = addresses;
    $("#class-address").textContent = first;
    $("#class-code").src = "api/v1/join.svg";
    $("#class-code").alt = t("class.code", { address: first });
    $("#class-words").textContent = [
      others.length ? t("class.also", { addresses: others.join(", ") }) : "",
      password ? t("class.asks") : "",
      t("class.stays"),
    ].join(" ");
  }
  const attempt = (/** @type {Promise<any>} */ work) => work.then(refresh).catch((error) => trouble(error.message));
  const refresh = async () => {
    if (!$("#class").hidden) show(await api.everybody(), attempt, onLook);
  };
  $("#class-name").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    attempt(api.myName($("#class-name input").value));
  });
  window.addEventListener("hashchange", () => attempt(Promise.resolve()));
  setInterval(() => document.hidden || refresh().catch(() => {}), EVERY);
  await attempt(Promise.resolve());
}

/**
 * @param {{teacher: boolean, people: any[]}} found
 * @param {(work: Promise<any>) => void} attempt
 * @param {(training: any, whose: string) => void} onLook
 */
function show({ teacher, people }, attempt, onLook) {
  const me = people.find((person) => person.me);
  const field = $("#class-name input");
  if (document.activeElement !== field) field.value = me?.name ?? "";
  $("#class-teacher").hidden = !teacher;
  $("#class-mine").onclick = () => attempt(api.deletePerson(me.person, true));
  const others = people.filter((person) => person.name || person.runs.length || person.drawings);
  $("#class-none").hidden = others.length > 0;
  const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.does;
  $("#class-people").replaceChildren(...others.map((person) => row(person, teacher, attempt, onLook)));
  if (focused) $(`#class-people [data-does="${focused}"]`)?.focus();
}

/**
 * One person with the runs.
 * @param {any} person
 * @param {boolean} teacher
 * @param {(work: Promise<any>) => void} attempt
 * @param {(training: any, whose: string) => void} onLook
 */
function row({ person, name, me, drawings, runs }, teacher, attempt, onLook) {
  const button = (/** @type {string} */ key, /** @type {string} */ id, /** @type {() => void} */ onclick, /** @type {Record<string, any>} */ more = {}) =>
    el("button", { type: "button", textContent: t(key), "data-does": `${key} ${id}`, onclick, ...more });
  const said = name || t(me ? "class.you" : "class.nameless");
  const list = runs.map((/** @type {any} */ run) => {
    const figure = run.accuracy === null ? "" : `, ${t("class.right", { share: percent(run.accuracy) })}`;
    const ended = ["finished", "stopped"].includes(run.state);
    return el("li", {},
      el("span", { className: "grow", textContent: `${inWords(run)}: ${t(`state.${run.state}`)}, ${t("class.epochs", { epoch: run.epoch, epochs: run.epochs })}${figure}` }),
      button("class.look", run.id, () => onLook(run, said), { disabled: !ended }));
  });
  const tools = me || teacher
    ? [
        ...(name ? [button("class.unname", person, () => attempt(api.deletePerson(person, false)))] : []),
        button("class.delete", person, () => confirm(t("class.sure", { name: said })) && attempt(api.deletePerson(person, true))),
      ]
    : [];
  return el("li", { className: "card stack tight" },
    el("div", { className: "row" }, el("h3", { className: "grow", textContent: me && name ? `${name} (${t("class.you")})` : said }), ...tools),
    ...(drawings === null ? [] : [el("p", { className: "note", textContent: t("class.drawings", { count: drawings }) })]),
    el("ul", {}, ...list));
}

/** Ask for the password until it is right, where there is one that this browser has not said yet. */
export async function passed() {
  const [view, query] = location.hash.split("?");
  const teacher = new URLSearchParams(query ?? "").get("teacher");
  if (view === "#/class" && teacher) {
    await api.enter({ teacher });
    history.replaceState(null, "", "#/class"); // so that nobody reads it off the wall
  }
  const asks = async () => (await api.join()).password && (await fetch("api/v1/samples")).status === 401;
  if (!(await asks())) return;
  const form = $("#enter");
  form.hidden = false;
  $("#main").setAttribute("aria-busy", "false");
  await new Promise((done) => {
    form.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      try {
        await api.enter({ password: form.elements.password.value });
        done(null);
      } catch (error) {
        $("#trouble").textContent = /** @type {Error} */ (error).message;
        $("#trouble").hidden = false;
      }
    });
  });
  form.hidden = $("#trouble").hidden = true;
}
