/** What the signals of this process ask for. */
export interface Interrupts {
  /** Aborts at the first one: finish what is under way. */
  readonly drain: AbortSignal;
  /** Aborts at the second one: stop now. */
  readonly stop: AbortSignal;
  release(): void;
}

/** Hears Ctrl-C and its kin. `onFirst` says what happens next. */
export function hearInterrupts(onFirst: () => void): Interrupts {
  const drain = new AbortController();
  const stop = new AbortController();
  const hear = (): void => {
    if (drain.signal.aborted) {
      stop.abort();
      return;
    }
    drain.abort();
    onFirst();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, hear);
  return {
    drain: drain.signal,
    stop: stop.signal,
    release: () => {
      for (const signal of signals) process.off(signal, hear);
    },
  };
}
