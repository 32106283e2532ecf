/** Where the service worker lays down what was shared with this app. */
const CACHE = 'arrivals';

interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files: readonly { getFile(): Promise<File> }[] }) => void): void;
}

/**
 * Files that another program shared with this app or opened with it (Web Share Target, File Handling). Looking for them
 * makes nothing.
 */
export function watchArrivals(onFile: (file: File) => void): void {
  void takeShared().then((files) => files.forEach(onFile));
  const { launchQueue } = globalThis as { readonly launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(({ files }) => {
    for (const handle of files) void handle.getFile().then(onFile, () => undefined);
  });
}

async function takeShared(): Promise<readonly File[]> {
  if (!('caches' in globalThis) || !(await caches.has(CACHE).catch(() => false))) return [];
  const cache = await caches.open(CACHE);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    const answer = await cache.match(request);
    const name = new URL(request.url).searchParams.get('name') ?? '';
    if (answer) files.push(new File([await answer.blob()], name));
  }
  await caches.delete(CACHE);
  return files;
}
