/** Light or dark: as the system has it, until the switch says otherwise. */

import { coloursChanged } from "./colours.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {HTMLButtonElement} button */
export function startTheme(button) {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    coloursChanged();
  };
  const stored = localStorage.getItem("theme");
  if (stored) root.dataset.theme = stored;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();
}
