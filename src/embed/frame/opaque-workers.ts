/**
 * What a worker begins with: messages that come before its script is there wait for it, each for a turn of its own, as
 * they would have come.
 */
const PRELUDE = `
const early = [];
const keep = (event) => {
  if (!event.isTrusted) return;
  event.stopImmediatePropagation();
  early.push(event);
};
addEventListener('message', keep);
const begin = async () => {
  for (let event; (event = early.shift()); await new Promise((next) => setTimeout(next))) {
    dispatchEvent(new MessageEvent('message', { data: event.data, ports: [...event.ports] }));
  }
  removeEventListener('message', keep);
};
`;

/**
 * In a sandbox of scripts alone the frame's origin is one that no address belongs to, and the browser starts no worker
 * from any. A blob of the frame's own it does start, and that may import the worker: so every worker begins as one. A
 * classic one, as Chromium starts no module from such a blob.
 */
export function startWorkersFromBlobs(): void {
  const Native = window.Worker;
  window.Worker = class extends Native {
    constructor(address: string | URL, options?: WorkerOptions) {
      const script = `${PRELUDE}import(${JSON.stringify(new URL(address, document.baseURI).href)}).then(begin);`;
      const blob = new Blob([script], { type: 'text/javascript' });
      super(URL.createObjectURL(blob), { ...options, type: 'classic' });
    }
  };
}
