import type { NodeSnapshot } from '../node/index.ts';

/** APIs that not every browser has. */
interface Uneven {
  readonly setAppBadge?: () => Promise<void>;
  readonly clearAppBadge?: () => Promise<void>;
}

let isShown = false;

/** A dot on the installed app's icon while this device computes for others (Badging API). */
export function showWorkBadge({ phase, isOtherTab }: NodeSnapshot): void {
  const shouldShow = phase === 'serving' && !isOtherTab;
  if (shouldShow === isShown) return;
  isShown = shouldShow;
  const { setAppBadge, clearAppBadge } = navigator as Uneven;
  const change = shouldShow ? setAppBadge : clearAppBadge;
  change?.call(navigator).catch(() => undefined);
}
