/** What ends a request, as a plain object. */
export interface RequestCut {
  readonly aborted: boolean;
  /** What the request rejects with. */
  readonly reason: unknown;
  /** Calls back once on abort; returns what takes it back. */
  onAbort(listener: () => void): () => void;
}

/**
 * A `fetch` of one's own that can be cut without an `AbortSignal`: making one and listening to it costs more than everything
 * else that the layer does around a request. The layer uses `cuttable` where there is one.
 */
export interface CuttableFetch {
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Sends a request. Once `cut` is aborted, the promise rejects at once with its reason, and so does a body that is still read.
   *
   * @param init As `fetch` takes it, without a signal.
   */
  cuttable(url: string, init: RequestInit, cut: RequestCut): Promise<Response>;
}

/** The part of a `fetch` that can be cut without a signal, if it has one. */
export function cuttableOf(given: typeof fetch): CuttableFetch["cuttable"] | undefined {
  return isCuttable(given) ? (url, init, cut) => given.cuttable(url, init, cut) : undefined;
}

function isCuttable(given: typeof fetch): given is CuttableFetch {
  return "cuttable" in given && typeof given.cuttable === "function";
}
