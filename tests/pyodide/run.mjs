// Runs byhand's pure wheel in Pyodide under Node: node run.mjs PYODIDE_FOLDER PROGRAM WHEEL...
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, program, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: folder });
for (const wheel of wheels) pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel");
let numpy = true;
try {
  await pyodide.loadPackage(["numpy", "pillow"], { messageCallback: () => {}, errorCallback: () => {} });
  pyodide.runPython("import numpy");
} catch {
  numpy = false; // Pyodide's own packages come from the network, unless they lie in the folder
}
pyodide.globals.set("with_numpy", numpy);
console.log(pyodide.runPython(readFileSync(program, "utf8")));
