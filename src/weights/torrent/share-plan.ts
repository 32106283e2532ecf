/**
 * Who of those who fetch a model together takes a chunk from the web seed: everybody can work it out alone, and all come
 * to the same answer while they see the same peers (rendezvous hashing; Thaler and Ravishankar 1998). The others get the
 * chunk from whoever took it, so the operator sends each chunk about once, however many visitors arrive together.
 */
export function isMyShare(chunk: number, selfId: string, otherIds: readonly string[]): boolean {
  const mine = score(selfId, chunk);
  return otherIds.every((id) => {
    const theirs = score(id, chunk);
    return mine > theirs || (mine === theirs && selfId > id);
  });
}

/** FNV-1a over the id, then the chunk mixed in by splitmix32's finaliser. Uniform in [0, 2^32). */
function score(id: string, chunk: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  let z = (hash ^ Math.imul(chunk + 1, 0x9e3779b9)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
