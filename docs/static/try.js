// "Try it": each program on the page can be changed and run, by Pyodide in a worker; the page stays as quick as it was.

/**
 * Make every element of the class try-it run its program.
 * @param {{ pyodide: string, wheel: string }} where the folder of Pyodide and the file of byhand's wheel, from this page
 */
export function tryIt(where) {
  const here = (address) => new URL(address, document.baseURI).href;
  const addresses = { pyodide: here(where.pyodide), wheel: here(where.wheel) };
  for (const place of document.querySelectorAll(".try-it")) new Place(place, addresses);
}

/** @type {Worker | null} one for all programs of the page, made when the first is run */
let worker = null;

class Place {
  /** @param {Element} place @param {{ pyodide: string, wheel: string }} addresses */
  constructor(place, addresses) {
    this.addresses = addresses;
    this.program = place.querySelector("textarea");
    this.button = place.querySelector("button");
    this.output = place.querySelector("output");
    this.running = false;
    this.button.hidden = false;
    this.button.addEventListener("click", () => (this.running ? this.stop() : this.run()));
  }

  run() {
    this.show(true);
    this.output.textContent = worker ? "" : "Starting Python; the first time takes some seconds.\n";
    worker ??= new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    let fresh = true; // what is shown is replaced by the first line
    worker.onmessage = ({ data }) => {
      if (data.started || fresh) this.output.textContent = "";
      fresh = false;
      if (data.text !== undefined) this.output.textContent += `${data.text}\n`;
      if (data.done) this.show(false);
    };
    worker.onerror = () => {
      this.output.textContent = "This browser does not start the program: the page has to come from a server.\n";
      this.stop();
    };
    worker.postMessage({ addresses: this.addresses, program: this.program.value });
  }

  /** End the program; the next one starts Python anew. */
  stop() {
    worker?.terminate();
    worker = null;
    this.show(false);
  }

  /** @param {boolean} running */
  show(running) {
    this.running = running;
    this.button.textContent = running ? "Stop" : "Run";
    for (const button of document.querySelectorAll(".try-it button"))
      if (button !== this.button) button.disabled = running; // one program at a time
  }
}
