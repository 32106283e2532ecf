/** How often an open page asks whether there is a new version; browsers ask by themselves when a page opens. */
const ASK_PERIOD_MS = 3_600_000;

/**
 * Watches for a new version of this page, without making anything: a first visit has no service worker yet.
 *
 * @param onReady a new version is here and waits, or another tab has begun to use it
 */
export function watchForUpdate(onReady: () => void): void {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers) return;
  const hadController = workers.controller !== null;
  workers.addEventListener('controllerchange', () => hadController && onReady());
  void workers.ready.then((registration) => {
    // The very first worker installs too, and is no update.
    const look = () => registration.waiting && registration.active && onReady();
    const follow = () => registration.installing?.addEventListener('statechange', look);
    registration.addEventListener('updatefound', follow);
    follow();
    look();
    setInterval(() => void registration.update().catch(() => undefined), ASK_PERIOD_MS);
  });
}

/** Opens this page anew in the new version. Call it only while nothing is computed in this tab. */
export async function applyUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  const waiting = registration?.waiting;
  if (!waiting) return location.reload();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  waiting.postMessage({ type: 'SKIP_WAITING' });
}
