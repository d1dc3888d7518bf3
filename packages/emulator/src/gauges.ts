import type { Gauge, Gauges } from "./model/dialects/dialect.js";
import type { Dimension } from "./model/limiter.js";
import type { EmulatorModel } from "./model/model.js";
import type { Scope } from "./model/scopes.js";

/** When it is, for a provider that lives `timeScale` times as fast as its callers. */
export interface Moment {
  readonly nowMs: number;
  readonly wallNowMs: number;
  readonly timeScale: number;
}

/** The limits of a (key, model) as headers tell them, in the callers' time. */
export function gaugesOf(
  model: EmulatorModel,
  key: string,
  name: string,
  moment: Moment,
  costTokens: number | undefined,
): Gauges {
  const limiters = model.limiters(key, name);
  const read = (dimension: Dimension, scope: Scope): Gauge | undefined => {
    const meter = limiters[scope].meter(dimension);
    if (meter === undefined) return undefined;
    const nowMs = Math.floor(moment.nowMs);
    return {
      limit: meter.limit,
      remaining: Math.max(0, Math.floor(meter.level(nowMs))),
      resetMs: Math.ceil(meter.resetMs(nowMs) / moment.timeScale),
    };
  };
  return {
    wallNowMs: moment.wallNowMs,
    ...(costTokens === undefined ? {} : { costTokens }),
    of: (dimension, scope) =>
      scope === undefined ? (read(dimension, "organization") ?? read(dimension, "project")) : read(dimension, scope),
  };
}
