/** The frame on Starling's own origin, at its place in the page. */
export interface BadgeFrame {
  readonly element: HTMLIFrameElement;
  /** The whole window while the person is asked, else the badge alone. */
  show(isSheet: boolean): void;
}

const [WIDTH, HEIGHT] = [232, 44];
const TOPMOST = '2147483647';
/**
 * Own origin and scripts, for storage and workers; no way to the page that holds it, no navigation, no dialogs, no
 * downloads, no forms.
 */
const SANDBOX = 'allow-scripts allow-same-origin allow-storage-access-by-user-activation';
/** No origin either, and so nothing that could be kept. */
const TRACELESS = 'allow-scripts';

/** @param target undefined: the lower right corner of the window */
export function createBadgeFrame(address: string, target: Element | undefined, isTraceless: boolean): BadgeFrame {
  const element = document.createElement('iframe');
  element.src = address;
  element.title = 'Starling';
  element.setAttribute('sandbox', isTraceless ? TRACELESS : SANDBOX);
  element.allow = isTraceless ? 'compute-pressure *' : 'compute-pressure; storage-access';
  const show = (isSheet: boolean) => {
    const isLoose = isSheet || !target;
    Object.assign(element.style, {
      all: 'initial',
      display: 'block',
      border: '0',
      colorScheme: 'light',
      zIndex: TOPMOST,
      position: isLoose ? 'fixed' : 'static',
      inset: isSheet ? '0' : isLoose ? 'auto 12px 12px auto' : 'auto',
      width: isSheet ? '100%' : `${WIDTH}px`,
      height: isSheet ? '100%' : `${HEIGHT}px`,
      maxWidth: '100%',
    });
    // The browser's top layer: no stacking of the page's own lies over what a person agrees to.
    element.popover = isSheet ? 'manual' : null;
    if (isSheet && element.isConnected) element.showPopover();
  };
  show(false);
  (target ?? document.body).append(element);
  return { element, show };
}
