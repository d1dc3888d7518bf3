import { OptionError } from "./errors.js";
import { executeGated, type Gate } from "./gate.js";
import type { Operation, RunOptions, Trace } from "./outcome.js";
import {
  type AnyPolicy,
  type Call,
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
  const layers = layersOf(cores);
  return makePolicy({
    execute: (operation, options, trace, call, isPrompt) =>
      nested({ layers, operation, trace, call, isPrompt }, 0, options),
    layers: cores,
    clock: cores.find((core) => core.clock)?.clock,
    signals: cores.flatMap((core) => core.signals ?? []),
    describe: () => cores.flatMap((core) => core.describe()),
  });
}

/** How each layer runs; those that are passed in one go are one. */
function layersOf(cores: readonly PolicyCore[]): readonly Execute[] {
  const layers: Execute[] = [];
  for (let first = 0, next = 0; first < cores.length; first = next) {
    const gates: Gate[] = [];
    for (next = first; cores[next]?.gates; next++) gates.push(...(cores[next]?.gates ?? []));
    const { clock } = cores[first] as PolicyCore;
    const timing = cores[next]?.timing;
    if (timing || next === first) next++;
    layers.push(next - first > 1 ? executeGated(gates, clock, timing) : (cores[first] as PolicyCore).execute);
  }
  return layers;
}

/** One run through all layers. */
interface Through<T> {
  readonly layers: readonly Execute[];
  readonly operation: Operation<T>;
  readonly trace: Trace | undefined;
  readonly call: Call | undefined;
  /** Of the operation; what is inside a layer always is, since it is a policy. */
  readonly isPrompt: boolean | undefined;
}

function nested<T>(through: Through<T>, layer: number, options: RunOptions | undefined): Promise<T> {
  const { layers, operation, trace, call, isPrompt } = through;
  const execute = layers[layer] as Execute;
  if (layer === layers.length - 1) return execute(operation, options, trace, call, isPrompt);
  return execute<T>((attempt) => nested(through, layer + 1, attempt), options, trace, call, true);
}
