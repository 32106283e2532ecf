/**
 * Introduces the tabs of this browser to the one among them that is the node: it hands each other tab one end of a
 * message channel, the node's tab the other end. It sees none of what they say.
 */
interface Introduction {
  readonly t: 'lead' | 'follow';
}

let leader: MessagePort | undefined;
/** Tabs that asked before the node's tab had said that it leads. */
let waiting: MessagePort[] = [];

function introduce(follower: MessagePort): void {
  if (!leader) {
    waiting.push(follower);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  leader.postMessage({ t: 'follower' }, [port1]);
  follower.postMessage({ t: 'leader' }, [port2]);
}

addEventListener('connect', (event) => {
  const [tab] = (event as MessageEvent).ports;
  if (!tab) return;
  tab.addEventListener('message', ({ data }: MessageEvent<Introduction>) => {
    if (data.t === 'follow') return introduce(tab);
    leader = tab;
    const asked = waiting;
    waiting = [];
    for (const follower of asked) introduce(follower);
  });
  tab.start();
});
