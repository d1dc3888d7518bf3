/** Where Node keeps what sends the requests of its own fetch. @see https://undici.nodejs.org/#/docs/api/GlobalInstallation */
const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** The part of an undici dispatcher that Node's fetch asks for. */
interface Dispatcher {
  readonly isMockActive?: unknown;
  dispatch(options: object, handler: object): boolean;
}

/** What undici calls, in its older and in its newer versions, when a connection is there and the request goes onto it. */
const STARTS = ["onConnect", "onRequestStart"] as const;

/** The init of a fetch that goes through a dispatcher of ours. */
export interface Dispatched {
  readonly dispatcher: Dispatcher;
}

/**
 * What Node's own fetch is to be given along with a request, so that nobody but this layer bounds it: undici gives up after
 * 300 s without headers, and after 300 s without a byte of the body, whatever the caller's own time is. What is set up for all
 * of the process (a proxy, certificates, mocks) stays. `undefined` where the host's fetch is another one.
 *
 * @param onConnected Called when a connection is there.
 */
export function unboundedDispatch(onConnected?: () => void): Dispatched | undefined {
  if (installed() === undefined) return undefined;
  return onConnected ? dispatchedBy((handler) => watched(handler, onConnected)) : UNWATCHED;
}

const UNWATCHED: Dispatched = dispatchedBy((handler) => handler);

function dispatchedBy(wrap: (handler: object) => object): Dispatched {
  return {
    dispatcher: {
      get isMockActive() {
        return installed()?.isMockActive;
      },
      dispatch: (options, handler) => {
        const dispatcher = installed();
        if (dispatcher === undefined) throw new TypeError("the host has no dispatcher any more");
        return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, wrap(handler));
      },
    },
  };
}

function installed(): Dispatcher | undefined {
  const value = (globalThis as { readonly [GLOBAL_DISPATCHER]?: unknown })[GLOBAL_DISPATCHER];
  return isDispatcher(value) ? value : undefined;
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === "object" && value !== null && "dispatch" in value && typeof value.dispatch === "function";
}

/** The same handler, which says when it is begun. */
function watched(handler: object, onStart: () => void): object {
  const started: PropertyDescriptorMap = {};
  for (const name of STARTS) {
    const own: unknown = Reflect.get(handler, name);
    if (typeof own !== "function") continue;
    started[name] = {
      value: function (this: object, ...args: unknown[]): unknown {
        onStart();
        return Reflect.apply(own, this, args);
      },
    };
  }
  return Object.create(handler, started);
}
