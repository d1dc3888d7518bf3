import { LiveAttempt } from "./attempt.js";
import { signalOf } from "./cancellation.js";
import { OptionError } from "./errors.js";
import { executeGated } from "./gate.js";
import {
  type AnyPolicy,
  coreOf,
  type Execute,
  type ExtraOf,
  type InOf,
  makePolicy,
  type Policy,
  type PolicyCore,
} from "./policy.js";

/** What all layers take: one that takes less takes it for all. */
type InOfAll<P extends readonly AnyPolicy[]> = {
  readonly [K in keyof P]: (value: InOf<P[K]>) => void;
}[number] extends (value: infer In) => void
  ? In
  : never;

/**
 * One policy of several, outermost first: `compose(a, b)` runs `a` around `b` around the operation.
 *
 * @throws OptionError for what is no policy, and for none at all.
 */
export function compose<const P extends readonly AnyPolicy[]>(...policies: P): Policy<InOfAll<P>, ExtraOf<P[number]>> {
  if (policies.length === 0) throw new OptionError("policies", "expected at least one policy to compose, got none");
  const cores = policies.map(coreOf).flatMap((core) => core.layers ?? [core]);
  const isPrompt = !cores.some(({ lingers }) => lingers);
  const signalsInside = cores.slice(1).flatMap(signalsOf);
  const execute = layersOf(cores).reduceRight((inner, outer) => around(outer, inner, isPrompt));
  return makePolicy({
    execute: signalsInside.length > 0 ? endedBy(signalsInside, execute) : execute,
    layers: cores,
    clock: cores.find((core) => core.clock)?.clock,
    signals: cores.flatMap(signalsOf),
    describe: () => cores.flatMap((core) => core.describe()),
  });
}

function signalsOf({ signals = [] }: PolicyCore): readonly AbortSignal[] {
  return signals;
}

/** How each layer runs; those that are passed in one go are one. */
function layersOf(cores: readonly PolicyCore[]): readonly Execute[] {
  const layers: Execute[] = [];
  let group: PolicyCore[] = [];
  for (const [index, core] of cores.entries()) {
    const next = cores[index + 1];
    group.push(core);
    if (core.gate && (next?.gate ?? next?.timing)) continue;
    const gates = group.flatMap(({ gate }) => gate ?? []);
    layers.push(group.length > 1 ? executeGated(gates, group[0]?.clock, core.timing) : core.execute);
    group = [];
  }
  return layers;
}

/** One layer around another, which is a policy as well, and so ends by itself when its attempt is cut: most of them do. */
function around(outer: Execute, inner: Execute, isPrompt: boolean): Execute {
  return (operation, options, trace, call, isOperationPrompt) =>
    outer((attempt) => inner(operation, attempt, trace, call, isOperationPrompt), options, trace, call, isPrompt);
}

/** The signal of a layer ends the layers around it as well: to them its abort would be a failure like any other. */
function endedBy(signals: readonly AbortSignal[], execute: Execute): Execute {
  return (operation, options, trace, call, isPrompt) => {
    // Whoever made the attempt listens to what it was made under.
    if (options instanceof LiveAttempt) return execute(operation, options, trace, call, isPrompt);
    const signal = signalOf(options?.signal ? [options.signal, ...signals] : signals);
    return execute(operation, { ...options, signal }, trace, call, isPrompt);
  };
}
