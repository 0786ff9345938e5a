// The worker of "try it". It is told once where Pyodide and byhand lie, then programs; it tells what they print.
import { startPython } from "./python.js";

const say = (text) => postMessage({ text });

/** @type {Promise<(program: string) => void> | undefined} */
let python;

/** @param {{ pyodide: string, wheel: string }} addresses */
async function start({ pyodide, wheel }) {
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`).catch(() => {
    throw new Error(`Pyodide cannot be reached at ${pyodide}.`);
  });
  const answer = await fetch(wheel);
  if (!answer.ok) throw new Error(`byhand's wheel cannot be reached at ${wheel}.`);
  return startPython(loadPyodide, pyodide, [await answer.arrayBuffer()], say);
}

onmessage = async ({ data }) => {
  try {
    python ??= start(data.addresses);
    const run = await python;
    postMessage({ started: true });
    run(data.program);
  } catch (error) {
    python = undefined; // the next program tries again
    say(`${error.message} In a terminal the program runs after: pip install byhand`);
  }
  postMessage({ done: true });
};
