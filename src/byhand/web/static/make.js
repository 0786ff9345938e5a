/** The view of networks that make something: images from numbers, and texts character by character. */

import * as api from "./api.js";
import { $ } from "./dom.js";
import { startImages } from "./make-images.js";
import { startWriting } from "./make-text.js";

/**
 * @param {any[]} shipped
 * @param {(sentence: string) => void} trouble
 */
export function startMake(shipped, trouble) {
  const said = (/** @type {Error | null} */ error) => trouble(error?.message ?? "");
  const [images, writing] = [startImages($("#make-images"), said), startWriting($("#make-text"), said)];
  const there = new Set();
  /** @param {any} model */
  const show = (model) => {
    there.add(model.id);
    if (model.reads === "noise") images(model);
    if (model.reads === "text") writing(model);
  };
  /** @param {any} model to be chosen, unless it was there before */
  const put = (model) => there.has(model.id) || show(model);
  /** @param {any} model to be looked at now */
  const add = (model) => {
    show(model);
    location.hash = model.reads === "digit" ? "#/inside" : "#/make";
  };
  shipped.forEach(put);
  $("#make-file").addEventListener("change", async (/** @type {any} */ { target }) => {
    const [file] = target.files;
    target.value = "";
    if (!file) return;
    try {
      const model = await api.bringModel(file);
      said(null);
      add(model);
    } catch (error) {
      said(/** @type {Error} */ (error));
    }
  });
  return { add, put };
}
