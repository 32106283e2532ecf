/** Keeps the page itself for the next, perhaps offline, visit. Absent in development and in some private windows. */
export async function registerOfflineShell(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}
