import { type AnyPolicy, coreOf, type LayerDescription } from "./policy.js";
import { retrySummary } from "./retry/summary.js";

/** The layers of a policy, outermost first: plain data, and as a string a sentence per layer. */
export interface PolicyDescription extends ReadonlyArray<LayerDescription> {
  toString(): string;
}

/**
 * What a policy is made of, as data: for logs, tests, and whoever wonders in which order a composition works.
 * `String(describe(policy))` is a sentence per layer, outermost first.
 *
 * @throws OptionError when `policy` is none of bide.
 */
export function describe(policy: AnyPolicy): PolicyDescription {
  const layers = [coreOf(policy).describe()].flat().map((layer) => ({
    ...layer,
    summary: layer.summary ?? retrySummary(layer.options),
  }));
  // Not enumerable: to `JSON.stringify` and to a comparison this is an array like any other.
  return Object.defineProperty(layers, "toString", { value: () => layers.map(sentence).join("\n") });
}

function sentence({ policy, name, summary }: LayerDescription, index: number): string {
  return `${index + 1}. ${policy}${name === undefined ? "" : ` "${name}"`} ${summary}.`;
}
