/** When this device may compute for others, as its person chose. */
export type When =
  /** Also on battery, down to half of it. */
  | { readonly kind: 'always' }
  | { readonly kind: 'plugged-in' }
  /** Only while nobody uses the device. */
  | { readonly kind: 'idle' }
  /** Between two hours of the day, over midnight too; local time, `from` included, `to` not. */
  | { readonly kind: 'hours'; readonly from: number; readonly to: number };

/** What the person allows; every other signal may only lower it. */
export interface Limits {
  /** Share of the GPU's time, 0 to 1. */
  readonly share: number;
  readonly when: When;
  /** Bytes a day, both ways together; undefined: no cap. */
  readonly dataCapBytes: number | undefined;
}

export const PRESETS = {
  gentle: { share: 0.15, when: { kind: 'plugged-in' }, dataCapBytes: undefined },
  balanced: { share: 0.35, when: { kind: 'plugged-in' }, dataCapBytes: undefined },
  full: { share: 1, when: { kind: 'plugged-in' }, dataCapBytes: undefined },
} as const satisfies Readonly<Record<string, Limits>>;

/** What is known of the device and its surroundings now. Undefined: this browser does not tell. */
export interface Signals {
  /** The partner site's ceiling, 0 to 1, where the node runs embedded in one. */
  readonly siteShare: number | undefined;
  /** Battery Status API; a device without a battery is charging. */
  readonly battery: { readonly level: number; readonly isCharging: boolean } | undefined;
  /** Compute Pressure API, source `cpu`. */
  readonly pressure: 'nominal' | 'fair' | 'serious' | 'critical' | undefined;
  /** How long a fixed piece of GPU work takes now, as a multiple of what it took when the device was calm. */
  readonly slowdown: number | undefined;
  readonly isHidden: boolean;
  /** Embedded nodes rest when their page is hidden, the app goes on. */
  readonly isEmbedded: boolean;
  /** `saveData`, or a mobile connection. */
  readonly isMetered: boolean;
  readonly dataUsedBytes: number;
  /** Milliseconds since somebody last touched this device, as far as can be told. */
  readonly idleMs: number;
  /** 90th percentile of the host page's frame times over its last 30 frames, and its budget; milliseconds. */
  readonly frames: { readonly p90Ms: number; readonly budgetMs: number } | undefined;
  /** Local hour, 0 to 23. */
  readonly hour: number;
}

export const CALM: Signals = {
  siteShare: undefined,
  battery: undefined,
  pressure: undefined,
  slowdown: undefined,
  isHidden: false,
  isEmbedded: false,
  isMetered: false,
  dataUsedBytes: 0,
  idleMs: 0,
  frames: undefined,
  hour: 12,
};
