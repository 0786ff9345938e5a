/** A class: the address at which others join, and the password that it asks for. */

import * as api from "./api.js";
import { $ } from "./dom.js";

/** Show the view with the address, where others can reach the server. */
export async function startClass() {
  const { addresses, password } = await api.join();
  $("#class-link").hidden = !addresses.length;
  if (!addresses.length) return;
  $("#class-address").textContent = addresses[0];
  $("#class-code").src = "api/v1/join.svg";
  $("#class-code").alt = `${addresses[0]} as a QR code`;
  const others = addresses.slice(1);
  const also = others.length ? `Or ${others.join(" or ")}. ` : "";
  $("#class-words").textContent = `${also}${password ? "It asks for the password. " : ""}Drawings stay on the machine that serves.`;
}

/** Ask for the password until it is right, where there is one that this browser has not said yet. */
export async function passed() {
  const asks = async () => (await api.join()).password && (await fetch("api/v1/samples")).status === 401;
  if (!(await asks())) return;
  const form = $("#enter");
  form.hidden = false;
  $("#main").setAttribute("aria-busy", "false");
  await new Promise((done) => {
    form.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      try {
        await api.enter(form.elements.password.value);
        done(null);
      } catch (error) {
        $("#trouble").textContent = /** @type {Error} */ (error).message;
        $("#trouble").hidden = false;
      }
    });
  });
  form.hidden = $("#trouble").hidden = true;
}
