import { endOfflineShell, forgetEverything } from '../node/index.ts';

const FORGET = 'starling-forget';
/** A tab whose message got lost goes on by itself. */
const PATIENCE_MS = 5_000;
const tabs = new BroadcastChannel('starling-tabs');

/** Opens this page anew in every tab of this browser, as after its identity has changed. */
export function openTabsAnew(): void {
  tabs.postMessage('reload');
  location.reload();
}

/** Opens every tab anew; this one deletes everything that Starling keeps here, and the others wait for it. */
export async function forgetAndOpenAnew(): Promise<void> {
  // First: its worker would keep what the tabs load while they open anew.
  await endOfflineShell();
  sessionStorage.setItem(FORGET, 'this');
  tabs.postMessage('forget');
  location.reload();
}

/** What must be done before anything is opened here: deleting, or waiting for the tab that deletes. */
export async function startFresh(): Promise<void> {
  const asked = sessionStorage.getItem(FORGET);
  sessionStorage.removeItem(FORGET);
  if (asked === 'this') {
    await forgetEverything();
    tabs.postMessage('forgotten');
  }
  if (asked === 'other') await forgottenElsewhere();
  tabs.addEventListener('message', ({ data }: MessageEvent<'reload' | 'forget' | 'forgotten'>) => {
    if (data === 'forgotten') return;
    if (data === 'forget') sessionStorage.setItem(FORGET, 'other');
    location.reload();
  });
}

function forgottenElsewhere(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
    tabs.addEventListener('message', ({ data }: MessageEvent<string>) => data === 'forgotten' && resolve());
  });
}
