import type { DeviceRealm } from './device-lock.ts';
import type { StoragePlace } from './node-storage.ts';

/** What another site's page means for the node that it shows. */
export interface Embedding {
  /** Whether its person's grant holds now; asked before everything that the node does, and five times a second. */
  readonly mayWork: () => boolean;
  /** The site's own ceiling of the GPU's time, 0 to 1. */
  readonly siteShare: number;
  /** 90th percentile of the page's frame times and its budget, in milliseconds; undefined: it does not tell. */
  readonly frames: () => { readonly p90Ms: number; readonly budgetMs: number } | undefined;
  /** What it shares with pages on other sites, where the person let it; undefined: with this site's alone. */
  readonly realm?: DeviceRealm | undefined;
  /** Where models are kept. */
  readonly storage: StoragePlace;
  /** Another page became this device's node; this one stops. */
  readonly onElsewhere: () => void;
  /** Something of the node has changed. */
  readonly onChange: () => void;
}
