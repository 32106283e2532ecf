import type { NpcScene, StarlingApi } from '../embed/index.ts';

export interface Spoken {
  readonly action: string;
  readonly say: string;
  readonly source: 'model' | 'script';
}

/** Undefined where the script tag was blocked: the game must be whole without it. */
export function starling(): StarlingApi | undefined {
  return (window as { readonly Starling?: StarlingApi }).Starling;
}

let spoken = 0;

/** What a character says: the model's words where the player shares, else the script's. Never throws but `AbortError`. */
export async function speak(
  scene: NpcScene,
  script: readonly string[],
  onSentence: (sentence: string) => void,
  signal: AbortSignal,
): Promise<Spoken> {
  try {
    const line = await starling()?.npc.say(scene, { fallback: script, onSentence, signal });
    if (line) return line;
  } catch {
    signal.throwIfAborted();
  }
  const say = script[spoken++ % Math.max(1, script.length)] ?? '…';
  return { action: 'talk', say, source: 'script' };
}
