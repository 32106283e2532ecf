/** The second version of the API tells whether anything lies over the element; Chromium has it. */
interface VisibilityEntry extends IntersectionObserverEntry {
  readonly isVisible?: boolean;
}

/** Below this share of its area it counts as hidden. */
const SHARE = 0.9;

/**
 * Says whether a person can see an element: in view and, where the browser can tell, with nothing of the page over it.
 *
 * @returns ends it
 */
export function watchVisibility(element: Element, onChange: (isSeen: boolean) => void): () => void {
  const options = { threshold: [0, SHARE, 1], trackVisibility: true, delay: 100 };
  const observer = new IntersectionObserver((entries) => {
    const last: VisibilityEntry | undefined = entries.at(-1);
    if (last) onChange(last.intersectionRatio >= SHARE && last.isVisible !== false);
  }, options);
  observer.observe(element);
  return () => observer.disconnect();
}
