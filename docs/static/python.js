// Python with NumPy and byhand, by Pyodide; used by the worker of "try it" and, under Node, by the tests.

const PACKAGES = ["numpy", "pillow", "lazy-loader", "packaging"];

const RUN = `
import sys, traceback

def run(program):
    """Run a program of the reader's; what goes wrong is printed from the reader's line on."""
    try:
        exec(compile(program, "your program", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        errors = sys.modules.get("byhand.core.errors")
        if errors and isinstance(error, errors.ByhandError):
            print(error)
        else:
            traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
`;

/**
 * Start Python.
 * @param {Function} loadPyodide Pyodide's own
 * @param {string} address the folder in which Pyodide and its packages lie
 * @param {(ArrayBuffer | Uint8Array)[]} wheels wheels to install: byhand's, and what Pyodide does not have
 * @param {(text: string) => void} say is told each line that a program prints
 * @returns {Promise<(program: string) => void>} runs a program
 */
export async function startPython(loadPyodide, address, wheels, say) {
  const python = await loadPyodide({ indexURL: address });
  try {
    await python.loadPackage(PACKAGES, { messageCallback: () => {}, errorCallback: () => {} });
    python.runPython("import numpy");
  } catch {
    throw new Error(`NumPy for Pyodide cannot be reached at ${address}.`);
  }
  for (const wheel of wheels) python.unpackArchive(wheel, "wheel");
  python.setStdout({ batched: say });
  python.setStderr({ batched: say });
  python.runPython(RUN);
  return python.globals.get("run");
}
