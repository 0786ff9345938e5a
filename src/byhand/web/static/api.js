/** What the server answers, by name; every refusal is an Error with its sentence and its status. */

import { t, translated } from "./text.js";
/** @typedef {import("./drawing.js").Picture} Picture */
/** @typedef {{shape: number[], scale: number, zero: number, data: string}} Packed */

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} its JSON, null where it has nothing to say
 */
async function ask(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error(t("api.silent"));
  });
  const json = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(translated(json.error)), { status: answer.status });
  return json;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body] sent as JSON
 */
const send = (method, path, body) =>
  ask(
    path,
    body === undefined
      ? { method }
      : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) },
  );

/**
 * @param {string} method
 * @param {string} path
 * @param {Picture | Uint8Array | Blob} drawing a picture of the sheet, the 784 bytes of an image, or a photo
 * @param {Record<string, string | number>} [query]
 */
function sendDrawing(method, path, drawing, query = {}) {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const raw = drawing instanceof Blob || drawing instanceof Uint8Array ? null : drawing;
  if (raw) {
    search.set("width", String(raw.width));
    search.set("height", String(raw.height));
  }
  const type = drawing instanceof Blob ? drawing.type || "image/png" : "application/octet-stream";
  const body = /** @type {BodyInit} */ (raw ? raw.bytes : drawing);
  return ask(`${path}?${search}`, { method, headers: { "Content-Type": type }, body });
}

/**
 * @param {string} path
 * @param {File} file
 */
function sendFile(path, file) {
  const form = new FormData();
  form.append("file", file);
  return ask(path, { method: "POST", body: form });
}

export const settings = () => ask("api/v1/settings");
export const models = () => ask("api/v1/models");
/** @param {number} seed the hand that writes them */
export const strokes = (seed) => ask(`api/v1/strokes?seed=${seed}`);

/** @param {Picture | Blob} drawing of any number of digits, or a photo */
export const read = (drawing) => sendDrawing("POST", "api/v1/read", drawing);

/**
 * @param {Picture | Uint8Array} drawing of one digit
 * @param {string} model
 * @param {{class?: number, box?: string}} [options] the class to hold against the answer; where in the picture it is
 */
export const look = (drawing, model, options = {}) => sendDrawing("POST", "api/v1/look", drawing, { model, ...options });

/**
 * @param {string} model
 * @param {number} layer
 * @param {number} [unit]
 */
export const weights = (model, layer, unit) =>
  ask(`api/v1/models/${model}/weights?layer=${layer}${unit === undefined ? "" : `&unit=${unit}`}`);

/**
 * @param {Uint8Array} image
 * @param {string} model
 * @param {Record<string, string | number>} place layer and unit, row and column
 */
export const equation = (image, model, place) => sendDrawing("POST", `api/v1/models/${model}/equation`, image, place);

/**
 * @param {Uint8Array} image
 * @param {string} model
 * @param {Record<string, number>} place layer and unit, row and column
 */
export const kernel = (image, model, place) => sendDrawing("POST", `api/v1/models/${model}/kernel`, image, place);

/**
 * @param {Uint8Array} image
 * @param {string} model
 * @param {Record<string, any>} place layer, head, query and key; or layer, step and unit
 */
export const attention = (image, model, place) => sendDrawing("POST", `api/v1/models/${model}/attention`, image, given(place));
/** @type {typeof attention} */
export const states = (image, model, place) => sendDrawing("POST", `api/v1/models/${model}/states`, image, given(place));
/** @param {Record<string, any>} place */
const given = (place) => Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
/**
 * @param {string} model
 * @param {{z: number[][], label?: number, pixel?: number[]}} wanted
 */
export const images = (model, wanted) => send("POST", `api/v1/models/${model}/images`, wanted);
/**
 * @param {string} model
 * @param {{text: string, temperature: number, count?: number, seed?: number, chosen?: string}} wanted
 */
export const next = (model, wanted) => send("POST", `api/v1/models/${model}/next`, wanted);

export const review = () => ask("api/v1/review");
/**
 * @param {number} number of the field
 * @param {string | null} label null opens it again
 */
export const correct = (number, label) => send("PUT", `api/v1/review/${number}`, { label });

/** @param {any} settings */
export const train = (settings) => send("POST", "api/v1/trainings", settings);
export const trainings = () => ask("api/v1/trainings");
/**
 * @param {string} id
 * @param {"pause" | "resume" | "stop" | "step"} what
 */
export const tell = (id, what) => send("POST", `api/v1/trainings/${id}/${what}`);
/**
 * @param {string} id
 * @param {number} steps a second; 0 for as many as can be
 */
export const pace = (id, steps) => send("PUT", `api/v1/trainings/${id}/pace?steps=${steps}`);
/** @param {string} id */
export const batch = (id) => ask(`api/v1/trainings/${id}/batch`);
/**
 * @param {string} id
 * @param {Record<string, any>} place layer, input and unit of the weight; sample, and the path of units
 */
export const chain = (id, place) =>
  ask(`api/v1/trainings/${id}/chain?${new URLSearchParams(Object.entries(place).filter(([, value]) => value !== ""))}`);
/** @param {string} id */
export const training = (id) => ask(`api/v1/trainings/${id}`);
/** @param {File} file a model file */
export const bringModel = (file) => sendFile("api/v1/models", file);
/** @param {File} file of samples */
export const loadSamples = (file) => sendFile("api/v1/samples.npz", file);
export const join = () => ask("api/v1/join");
/** @param {{password?: string, teacher?: string}} said */
export const enter = (said) => send("POST", "api/v1/enter", said);
export const everybody = () => ask("api/v1/class");
/** @param {string} name */
export const myName = (name) => send("PUT", `api/v1/class/name?${new URLSearchParams({ name })}`);
/**
 * @param {string} person
 * @param {boolean} all drawings and runs, too
 */
export const deletePerson = (person, all) => send("DELETE", `api/v1/class/${person}?all=${all}`);
/** @param {string} id */
export const forget = (id) => send("DELETE", `api/v1/trainings/${id}`);
/** @param {string} id */
export const events = (id) => new EventSource(`api/v1/trainings/${id}/events`);
/**
 * @param {string} id
 * @param {Picture | null} drawing
 */
export const watchDrawing = (id, drawing) =>
  drawing
    ? sendDrawing("PUT", `api/v1/trainings/${id}/drawing`, drawing)
    : send("DELETE", `api/v1/trainings/${id}/drawing`);

/** @param {any} state the small network in the plane, its points, and how many steps it shall go on */
export const plane = (state) => send("POST", "api/v1/plane", state);
/** @param {Record<string, string>} query kind, noise, n, seed */
export const points = (query) => ask(`api/v1/plane/points?${new URLSearchParams(query)}`);
/** @param {File} file a table */
export const loadPoints = (file) => sendFile("api/v1/plane/points", file);

export const samples = () => ask("api/v1/samples");
/**
 * @param {Uint8Array} image
 * @param {string} label
 */
export const addSample = (image, label) => sendDrawing("POST", "api/v1/samples", image, { label });
/**
 * @param {number} id
 * @param {string} label
 */
export const relabel = (id, label) => send("PUT", `api/v1/samples/${id}?label=${label}`);
/** @param {number} [id] all of them by default */
export const dropSample = (id) => send("DELETE", id === undefined ? "api/v1/samples" : `api/v1/samples/${id}`);
/** @param {any} options */
export const finetune = (options) => send("POST", "api/v1/finetune", options);

/**
 * The bytes of a packed array: an image as the network sees it.
 * @param {Packed} packed
 */
export const bytes = (packed) => Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));

/**
 * The numbers of a packed array.
 * @param {Packed} packed
 */
export const numbers = (packed) => Float32Array.from(bytes(packed), (byte) => (byte - packed.zero) * packed.scale);
