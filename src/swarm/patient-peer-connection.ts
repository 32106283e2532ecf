/**
 * A way around a race in @libp2p/webrtc 6.0.33, the cause of about one failed dial in four (reference p2p-stack, 3.5).
 *
 * The dialling side makes a channel `init`, and the other side closes it as soon as it comes. Once connected, the
 * dialling side waits for the channel's `open` and then for its `close`. Where both have happened before it begins to
 * wait, it waits until its time is over. Here a channel `init` tells a late listener what it has missed.
 */
export function patientPeerConnection(base: typeof RTCPeerConnection, onCreate: () => void): typeof RTCPeerConnection {
  return class extends base {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      onCreate();
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options);
      return label === 'init' ? tellLateListeners(channel) : channel;
    }
  };
}

type Listen = (type: string, listener: EventListenerOrEventListenerObject, options?: unknown) => void;

function tellLateListeners(channel: RTCDataChannel): RTCDataChannel {
  const listen = channel.addEventListener.bind(channel) as Listen;
  const listenPatiently: Listen = (type, listener, options) => {
    listen(type, listener, options);
    const hasMissedOpen = type === 'open' && (channel.readyState === 'closing' || channel.readyState === 'closed');
    const hasMissedClose = type === 'close' && channel.readyState === 'closed';
    if (!hasMissedOpen && !hasMissedClose) return;
    queueMicrotask(() => {
      if (typeof listener === 'function') listener.call(channel, new Event(type));
      else listener.handleEvent(new Event(type));
    });
  };
  channel.addEventListener = listenPatiently;
  return channel;
}

/** Loads @libp2p/webrtc so that it makes its connections with the class above; it takes the global one when loaded. */
export async function loadWebRTC(onPeerConnection: () => void) {
  const original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = patientPeerConnection(original, onPeerConnection);
  try {
    return await import('@libp2p/webrtc');
  } finally {
    globalThis.RTCPeerConnection = original;
  }
}
