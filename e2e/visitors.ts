import { test } from '@playwright/test';
import { openVisitor, type Visitor, type VisitorOptions } from './tab.ts';

export interface VisitInit extends VisitorOptions {
  /** The section that is opened, such as `#studio`. */
  readonly at?: string;
}

/**
 * For a file of journeys: every visitor has a browser of its own, and all of them are gone after each test.
 *
 * @param url of the page that they open, asked for when they do
 */
export function useVisitors(url: () => string): (init?: VisitInit) => Promise<Visitor> {
  const visitors: Visitor[] = [];
  test.afterEach(async () => {
    await Promise.all(visitors.splice(0).map((visitor) => visitor.close().catch(() => undefined)));
  });
  return async ({ at = '', ...options } = {}) => {
    const visitor = await openVisitor(url() + at, options);
    visitors.push(visitor);
    return visitor;
  };
}
