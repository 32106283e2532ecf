import { del, entries, get, set } from 'idb-keyval';
import { boolean, integer, maxLength, minValue, number, pipe, regex, safeParse, strictObject, string } from 'valibot';
import type { InferOutput } from 'valibot';
import { openIdbStore } from '../weights/index.ts';

const time = pipe(number(), integer(), minValue(0));

const schema = strictObject({
  /** The site's key. */
  site: pipe(string(), regex(/^[a-z0-9][a-z0-9-]{0,39}$/)),
  origin: pipe(string(), maxLength(300), regex(/^https?:\/\/[^/\s]+$/)),
  /** Others' requests too, not only that site's own. */
  isShared: boolean(),
  atMs: time,
  expiresAtMs: time,
});
/** That a person agreed to another site's use of this device; noted by that site's frame, which alone acts on it. */
export type SiteGrant = InferOutput<typeof schema>;

/** `malformed`: not of the schema; `forged`: noted under another site's name, or for longer than anybody can agree to. */
export type IgnoredGrant = 'malformed' | 'forged';

/** What this device's person agreed to on other sites, where their frames may use Starling's own storage. */
export interface SiteGrants {
  /** Those that hold now, the newest first, and what else was found: it is deleted, and gives nobody anything. */
  list(nowMs: number): Promise<{ readonly grants: readonly SiteGrant[]; readonly ignored: readonly IgnoredGrant[] }>;
  note(grant: SiteGrant): Promise<void>;
  isNoted(of: SiteName): Promise<boolean>;
  remove(of: SiteName): Promise<void>;
  /** As `remove`, and the site's open pages are told to end at once. */
  revoke(of: SiteName): Promise<void>;
  onRevoked(listener: (of: SiteName) => void): void;
}

export type SiteName = Pick<SiteGrant, 'site' | 'origin'>;

/** Starling's own storage as another site's frame was given it. */
export interface GrantRealm {
  readonly indexedDB: IDBFactory;
  BroadcastChannel(name: string): BroadcastChannel;
}

const NAME = 'starling-grants';
const MONTH_MS = 30 * 86_400_000;
/** A clock may be corrected by a little. */
const CLOCK_LEEWAY_MS = 60_000;

const keyOf = ({ site, origin }: SiteName) => `${site} ${origin}`;

/** @param realm of a frame within another site; by default this page's own */
export function openSiteGrants(realm?: GrantRealm): SiteGrants {
  const store = openIdbStore(NAME, 'grants', realm?.indexedDB);
  const channel = realm ? realm.BroadcastChannel(NAME) : new BroadcastChannel(NAME);
  const remove = (of: SiteName) => del(keyOf(of), store);
  return {
    async list(nowMs) {
      // Where nothing was ever agreed to, asking makes nothing.
      if (!realm && !(await hasGrants())) return { grants: [], ignored: [] };
      const grants: SiteGrant[] = [];
      const ignored: IgnoredGrant[] = [];
      for (const [key, value] of await entries<string, unknown>(store)) {
        const parsed = safeParse(schema, value);
        const fault = parsed.success ? faultOf(parsed.output, key, nowMs) : 'malformed';
        if (parsed.success && !fault) {
          grants.push(parsed.output);
          continue;
        }
        if (fault && fault !== 'expired') ignored.push(fault);
        await del(key, store);
      }
      return { grants: grants.toSorted((a, b) => b.atMs - a.atMs), ignored };
    },
    note: ({ site, origin, isShared, atMs, expiresAtMs }) =>
      set(keyOf({ site, origin }), { site, origin, isShared, atMs, expiresAtMs } satisfies SiteGrant, store),
    isNoted: async (of) => (await get(keyOf(of), store)) !== undefined,
    remove,
    async revoke({ site, origin }) {
      await remove({ site, origin });
      channel.postMessage({ site, origin });
    },
    onRevoked(listener) {
      channel.addEventListener('message', ({ data }: MessageEvent<SiteName>) => listener(data));
    },
  };
}

function faultOf(grant: SiteGrant, key: string, nowMs: number): 'forged' | 'expired' | undefined {
  const { atMs, expiresAtMs } = grant;
  if (key !== keyOf(grant) || expiresAtMs - atMs > MONTH_MS || atMs > nowMs + CLOCK_LEEWAY_MS) return 'forged';
  return nowMs >= expiresAtMs ? 'expired' : undefined;
}

async function hasGrants(): Promise<boolean> {
  const databases = await indexedDB.databases().catch(() => []);
  return databases.some(({ name }) => name === NAME);
}
