const KEY = 'starling-keep-screen-on';

let lock: Promise<WakeLockSentinel | undefined> | undefined;
let isServing = false;

/** Whether this browser can keep the screen on at all. */
export function canKeepScreenOn(): boolean {
  return 'wakeLock' in navigator;
}

export function keepsScreenOn(): boolean {
  try {
    return localStorage.getItem(KEY) === 'yes';
  } catch {
    return false;
  }
}

/** The screen stays on while this device shares, if its person wants; off by default, for it costs power. */
export function chooseScreenOn(isOn: boolean): void {
  try {
    if (isOn) localStorage.setItem(KEY, 'yes');
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is forbidden here: the screen goes off as always.
  }
  follow();
}

export function holdScreenWhile(serving: boolean): void {
  if (serving === isServing) return;
  isServing = serving;
  follow();
}

function follow(): void {
  if (isServing && keepsScreenOn() && canKeepScreenOn()) lock ??= request();
  else {
    void lock?.then((held) => held?.release());
    lock = undefined;
  }
}

async function request(): Promise<WakeLockSentinel | undefined> {
  try {
    const held = await navigator.wakeLock.request('screen');
    // The browser lets it go when the page is hidden; it is asked for again when it is shown.
    held.addEventListener('release', () => {
      lock = undefined;
      document.addEventListener('visibilitychange', () => follow(), { once: true });
    });
    return held;
  } catch {
    return undefined;
  }
}
