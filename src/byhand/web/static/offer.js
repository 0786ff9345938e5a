/** A choice of networks, which is seen where there are several. */

/**
 * @param {HTMLSelectElement} select
 * @param {Map<string, any>} models
 * @param {any} model one more, which is chosen
 */
export function offer(select, models, model) {
  if (!models.has(model.id)) select.add(new Option(model.name, model.id));
  models.set(model.id, model);
  select.value = model.id;
  /** @type {HTMLElement} */ (select.parentElement).hidden = models.size < 2;
}
