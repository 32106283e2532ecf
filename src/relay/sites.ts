/** A website that may show the embed. Its key is public: what it is good for is bound to the origins. */
export interface Site {
  readonly key: string;
  readonly origins: readonly string[];
}

export interface SiteList {
  add(site: Site): void;
  find(key: string): Site | undefined;
}

const KEY = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** @param sites several of one key are one site with the origins of all */
export function createSiteList(sites: readonly Site[]): SiteList {
  const byKey = new Map<string, Site>();
  const add = ({ key, origins }: Site) => {
    byKey.set(key, { key, origins: [...new Set([...(byKey.get(key)?.origins ?? []), ...origins])] });
  };
  sites.forEach(add);
  return { add, find: (key) => byKey.get(key) };
}

/** @param text e.g. `shop=https://shop.example`; an origin is scheme, host and port, nothing more */
export function readSite(text: string): Site | undefined {
  const at = text.indexOf('=');
  const [key, origin] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 || !KEY.test(key) || !URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  return ['http:', 'https:'].includes(url.protocol) && url.origin === origin ? { key, origins: [origin] } : undefined;
}
