// What the site's "try it" does, in Pyodide under Node: node try.mjs PYTHON.mjs PYODIDE_FOLDER WHEEL...
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [python, folder, ...wheels] = process.argv.slice(2);
const { startPython } = await import(pathToFileURL(python));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const content = wheels.map((wheel) => new Uint8Array(readFileSync(wheel)));
const say = (text) => console.log(text);

let run;
try {
  run = await startPython(loadPyodide, folder, content, say);
  console.log("with NumPy");
} catch (error) {
  console.log(error.message);
  // Pyodide's NumPy comes from the network: in its place an empty module, which is enough for programs without arrays.
  const withoutNumPy = async (options) => {
    const pyodide = await loadPyodide(options);
    pyodide.runPython("import sys, types; sys.modules['numpy'] = types.ModuleType('numpy')");
    pyodide.loadPackage = async () => {};
    return pyodide;
  };
  run = await startPython(withoutNumPy, folder, content, say);
}
run("print(1 + 1)");
run("x = 1\nprint(x / 0)");
run("from byhand.core.errors import ByhandError\nraise ByhandError('One sentence.')");
run("import byhand\nprint(byhand.__version__)");
