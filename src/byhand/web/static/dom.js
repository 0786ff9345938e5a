/** Making elements, and finding them. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * The first element under `root` that matches.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {any}
 */
export const $ = (selector, root = document) => root.querySelector(selector);

/**
 * A new HTML element: names that begin with "on" are listeners, properties that the element has are set, the rest are
 * attributes.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A new SVG element.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return /** @type {SVGElement} */ (element);
}

/**
 * Say it to those who do not see it.
 * @param {string} text
 */
export function say(text) {
  $("#status").textContent = text;
}

/**
 * `work` once in the next animation frame, however often it is asked for before.
 * @param {() => void} work
 * @returns {() => void}
 */
export function eachFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/**
 * `work` once, a little after it was asked for the last time.
 * @param {() => void} work
 * @returns {() => void}
 */
export function soon(work) {
  /** @type {number | undefined} */
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, 200);
  };
}

/**
 * @param {number} part from 0 to 1
 * @param {number} [digits] after the point
 */
export const percent = (part, digits = 1) => `${(100 * part).toFixed(digits)}\u00a0%`;

/**
 * A probability in per cent; no network is sure, so it is never rounded to 0 or 100.
 * @param {number} p
 */
export const chance = (p) => (p < 0.0005 ? `<\u00a0${percent(0.001)}` : p > 0.9995 ? `>\u00a0${percent(0.999)}` : percent(p));

/**
 * A number to read: three significant digits, a true minus sign.
 * @param {number} value
 */
export function short(value) {
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 0.001 || size >= 1e5) ? size.toExponential(1) : String(Number(size.toPrecision(3)));
  return value < 0 ? `−${text}` : text;
}

/**
 * Keep a value in this browser; null lets it go. Where nothing may be kept, nothing is.
 * @param {string} name
 * @param {any} value
 */
export function store(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {} // private windows, and storage that is full
}

/**
 * What was kept by that name, or null.
 * @param {string} name
 */
export function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}
