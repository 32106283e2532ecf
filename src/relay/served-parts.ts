import type { SiteList } from './sites.ts';

/** What the operator serves once it is ready. */
export interface ServedParts {
  /** The built page, and beside it the embed. */
  readonly appDir: string;
  readonly sites: SiteList;
}
