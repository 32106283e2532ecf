import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a partner's page says; everything has the plainest value by default. */
export interface PartnerPage {
  readonly site?: string;
  /** Further attributes of the tag, as they are written. */
  readonly attributes?: string;
  readonly integrity?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A web server of other people's sites: any name below `localhost` is a site of its own to a browser. */
export interface PartnerServer {
  origin(name: string): string;
  /** Where the page lies from now on; `starling` is the operator's origin. */
  put(path: string, starling: string, page?: PartnerPage): void;
  stop(): void;
}

export async function startPartners(): Promise<PartnerServer> {
  const pages = new Map<string, { readonly html: string; readonly headers: Readonly<Record<string, string>> }>();
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '/');
    response.writeHead(page ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', ...page?.headers });
    response.end(page?.html ?? 'not found');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: (name) => `http://${name}.localhost:${port}`,
    put(path, starling, { site = 'shop', attributes = '', integrity, headers = {} } = {}) {
      const check = integrity === undefined ? '' : `integrity="${integrity}"`;
      const tag = `<script async crossorigin src="${starling}/embed.js" ${check} data-site="${site}" ${attributes}></script>`;
      const html = `<!doctype html><html lang="en"><title>Partner</title><link rel="icon" href="data:,"><main><h1>A partner’s page</h1><p>Text.</p></main>${tag}`;
      pages.set(path, { html, headers });
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
