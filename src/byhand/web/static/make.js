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
  const put = (model) => {
    if (there.has(model.id)) return;
    there.add(model.id);
    if (model.reads === "noise") images(model);
    if (model.reads === "text") writing(model);
  };
  /** @param {any} model */
  const add = (model) => {
    put(model);
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
