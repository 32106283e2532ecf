/** A relay alone in a process, for browser tests: `tsx e2e/relay-process.ts PORT` prints one line of JSON when ready. */
import { createRelayNode } from '../src/swarm/node-index.ts';

const relay = await createRelayNode({
  seed: new Uint8Array(32).fill(5),
  port: Number(process.argv[2] ?? 0),
  logger: { debug() {}, info() {}, warn() {}, error: (text) => console.error(text) },
});
console.log(JSON.stringify({ port: relay.port, peerId: relay.peerId }));
process.once('disconnect', () => process.exit());
