import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';
import { ExpirationPlugin } from 'workbox-expiration';
import type { WorkboxPlugin } from 'workbox-core';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: [] };

const MAX_SHARED = 4;

// The shell: what a person needs to open Starling offline.
precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/(weights|manifests|torrents|bootstrap|metrics|healthz)/],
  }),
);

// The node's own code, kept once a click has loaded it. Names carry hashes. Weights never pass through here.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith('/assets/'),
  // Workbox's own types are looser than `exactOptionalPropertyTypes`.
  new CacheFirst({ cacheName: 'code', plugins: [new ExpirationPlugin({ maxEntries: 60 }) as WorkboxPlugin] }),
);

// What another program shares with this app is laid down for the page, which shows it and asks before it is used.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname === '/share',
  async ({ request }) => {
    const shared = (await request.formData()).getAll('files').filter((value) => value instanceof File);
    const cache = await caches.open('arrivals');
    for (const [index, file] of shared.slice(0, MAX_SHARED).entries()) {
      await cache.put(`/arrivals/${index}?name=${encodeURIComponent(file.name)}`, new Response(file));
    }
    return Response.redirect('/', 303);
  },
  'POST',
);

// A waiting update takes over when the page says that no fragment is running.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
