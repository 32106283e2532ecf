import { endOfflineShell, forgetEverything } from '../node/index.ts';

const FORGET = 'starling-forget';
const tabs = new BroadcastChannel('starling-tabs');

/** Opens this page anew in every tab of this browser, as after its identity has changed. */
export function openTabsAnew(): void {
  tabs.postMessage('reload');
  location.reload();
}

/** Opens every tab anew; this one deletes everything that Starling keeps here before it begins. */
export async function forgetAndOpenAnew(): Promise<void> {
  // First: its worker would keep what the tabs load while they open anew.
  await endOfflineShell();
  sessionStorage.setItem(FORGET, '1');
  openTabsAnew();
}

/** What must be done before anything is opened: deleting, if a person asked for it. */
export async function startFresh(): Promise<void> {
  tabs.addEventListener('message', () => location.reload());
  if (sessionStorage.getItem(FORGET) === null) return;
  await forgetEverything();
  sessionStorage.removeItem(FORGET);
}
