/** The network's layers as columns of the diagram: a layer with weights, or a pool, and what follows it directly. */

import * as api from "./api.js";
import { t } from "./text.js";

/**
 * @typedef {object} Column
 * @property {number[]} layers their numbers; none for the input
 * @property {number[]} shape of what its last layer gives: units, steps and numbers, or height, width and maps
 * @property {"image" | "units" | "maps" | "output"} kind
 * @property {string} title
 * @property {string} words what computes it
 * @property {Float32Array} values one after the other; of maps, map after map
 * @property {number} count units or maps
 * @property {number} height of each, in pixels; 1 for units
 * @property {number} width
 * @property {number[]} relevance of each unit or map to the answer
 */

const STARTS = ["dense", "conv", "pool", "block", "recurrent"];

/**
 * @param {any} seen an answer of /api/look
 * @param {any} model what /api/models says of it
 * @returns {Column[]}
 */
export function columns(seen, model) {
  /** @type {any[][]} */
  const groups = [];
  for (const layer of seen.layers) {
    if (STARTS.includes(layer.kind) || !groups.length) groups.push([]);
    groups[groups.length - 1].push(layer);
  }
  const hidden = groups.slice(0, -1).map((group) => column(group));
  const last = groups[groups.length - 1];
  const activation = model.output_activation ?? t("layers.plain");
  return [
    {
      ...blank,
      kind: "image",
      title: t("layers.drawing"),
      words: t("layers.numbers"),
      values: api.numbers(seen.image),
      count: 1,
      height: 28,
      width: 28,
    },
    ...hidden,
    {
      ...blank,
      kind: "output",
      layers: last.map((/** @type {any} */ layer) => layer.index),
      title: t("layers.outputs", { count: seen.classes.length }),
      words: `${last[0].label}, ${activation}`,
      values: Float32Array.from(seen.probabilities),
      count: seen.classes.length,
      relevance: seen.probabilities,
    },
  ];
}

/** @type {Column} */
const blank = {
  layers: [],
  shape: [],
  kind: "units",
  title: "",
  words: "",
  values: new Float32Array(),
  count: 0,
  height: 1,
  width: 1,
  relevance: [],
};

/** @param {any[]} group */
function column(group) {
  const shown = group.filter((layer) => layer.values || layer.maps).at(-1);
  const [count, height, width] = shown.maps ? shown.maps.shape : [shown.values.length, 1, 1];
  return {
    ...blank,
    layers: group.map((layer) => layer.index),
    shape: shown.shape,
    kind: /** @type {"maps" | "units"} */ (shown.maps ? "maps" : "units"),
    title: shown.shape.length === 2 ? t("layers.steps", { height, width }) : t(shown.maps ? "layers.maps" : "layers.units", { count }),
    words:
      (shown.shape.length === 3 ? t("layers.each", { height, width }) : "") +
      group
        .filter((layer) => layer.kind !== "flatten")
        .map((layer) => layer.label)
        .join(", "),
    values: shown.maps ? api.numbers(shown.maps) : Float32Array.from(shown.values),
    count,
    height,
    width,
    relevance: shown.relevance,
  };
}

/** Where each number of a column lies in its picture: units in rows, maps side by side with a pixel between. */
export class Layout {
  /**
   * @param {Column} column
   * @param {boolean} upright whether it should be higher than wide
   */
  constructor(column, upright) {
    this.column = column;
    const { count, kind } = column;
    const across = kind === "maps" ? Math.sqrt(count / (upright ? 2 : 1)) : Math.sqrt(count) * (upright ? 0.7 : 1.4);
    this.across = kind === "output" ? (upright ? 1 : count) : Math.min(count, Math.ceil(across));
    this.gap = kind === "maps" ? 1 : 0;
    this.columns = this.across * (column.width + this.gap) - this.gap;
    this.rows = Math.ceil(count / this.across) * (column.height + this.gap) - this.gap;
  }

  /**
   * The numbers as the picture has them, NaN where there is none.
   * @returns {Float32Array}
   */
  picture() {
    const { values, count, height, width } = this.column;
    const result = new Float32Array(this.rows * this.columns).fill(NaN);
    for (let i = 0; i < count * height * width; i++) {
      const [column, row] = this.place(Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width);
      result[row * this.columns + column] = values[i];
    }
    return result;
  }

  /**
   * @param {number} unit
   * @param {number} [row] of a map
   * @param {number} [column]
   * @returns {[number, number]} column and row in the picture
   */
  place(unit, row = 0, column = 0) {
    const [x, y] = [unit % this.across, Math.floor(unit / this.across)];
    return [x * (this.column.width + this.gap) + column, y * (this.column.height + this.gap) + row];
  }

  /**
   * What lies at a place of the picture, null where nothing does.
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const { count, height, width } = this.column;
    const unit = Math.floor(y / (height + this.gap)) * this.across + Math.floor(x / (width + this.gap));
    const [row, column] = [y % (height + this.gap), x % (width + this.gap)];
    const inside = x >= 0 && y >= 0 && x < this.columns && row < height && column < width && unit < count;
    return inside ? { unit, row, column } : null;
  }
}
