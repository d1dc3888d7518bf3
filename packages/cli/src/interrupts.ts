import type { Clock } from "bide";
import { EXIT } from "./exit-codes.js";

/** What the signals of this process ask for. */
export interface Interrupts {
  /** Aborts at the first one: finish what is under way. */
  readonly drain: AbortSignal;
  /** Aborts at the second one, or when whoever sent the first would not wait any longer: stop now. */
  readonly stop: AbortSignal;
  release(): void;
}

/** Where signals come from: a process. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): unknown;
}

/**
 * A person who presses Ctrl-C can press it again. Whoever sends SIGTERM, or has closed the terminal, kills after ten seconds
 * or so: by then everything has ended in order.
 */
const PATIENCE_MS = 7000;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Hears Ctrl-C and its kin. `onFirst` says what happens next.
 *
 * @param clock Runs the time after which a SIGTERM stops; none where the command sees to that itself.
 */
export function hearInterrupts(onFirst: () => void, clock?: Clock, source: SignalSource = process): Interrupts {
  const drain = new AbortController();
  const stop = new AbortController();
  const released = new AbortController();
  const hear = (signal: NodeJS.Signals): void => {
    if (drain.signal.aborted && signal === "SIGINT") {
      stop.abort();
      return;
    }
    if (signal !== "SIGINT" && clock) stopLater(stop, clock, released.signal);
    if (drain.signal.aborted) return;
    drain.abort();
    onFirst();
  };
  for (const signal of SIGNALS) source.on(signal, hear);
  return {
    drain: drain.signal,
    stop: stop.signal,
    release: () => {
      released.abort();
      for (const signal of SIGNALS) source.off(signal, hear);
      // Whoever presses on while the program ends gets its end at once, and not a kill in place of its exit code.
      if (drain.signal.aborted) source.on("SIGINT", () => source.exit(EXIT.interrupted));
    },
  };
}

function stopLater(stop: AbortController, clock: Clock, released: AbortSignal): void {
  clock.sleep(PATIENCE_MS, released).then(
    () => stop.abort(),
    () => undefined,
  );
}
