import { observe, type PolicyEvent } from "../events.js";
import { checkKeys } from "../options.js";

/** Keeps the events of policies, in order, until it is stopped or disposed. */
export interface Recorder extends Disposable {
  readonly events: readonly PolicyEvent[];
  /** The `type` of each event: the shape of a run at a glance. */
  readonly types: readonly PolicyEvent["type"][];
  /** Forgets what was kept so far. */
  clear(): void;
  /** Stops listening; what was kept stays. */
  stop(): void;
}

/** Options of {@link recorder}. */
export interface RecorderOptions {
  /** Keeps only the events of policies with this `name`, so that tests that run side by side do not mix. */
  readonly name?: string | undefined;
}

/**
 * Listens to every policy of the process from now on: `using record = recorder()`.
 *
 * @throws OptionError for an option that is unknown, or a name that is no string.
 */
export function recorder(options: RecorderOptions = {}): Recorder {
  checkKeys(options, ["name"], "recorder");
  const { name } = options;
  const events: PolicyEvent[] = [];
  const stop = observe((event) => {
    if (name === undefined || event.name === name) events.push(event);
  });
  return {
    events,
    get types() {
      return events.map((event) => event.type);
    },
    clear: () => {
      events.length = 0;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}
