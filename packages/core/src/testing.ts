export { type BreakerStoreBench, type BreakerStoreSetup, breakerStoreCases } from "./testing/breaker-store-cases.js";
export type { ConformanceCase } from "./testing/conformance.js";
export type { LimiterStoreBench, LimiterStoreSetup } from "./testing/limiter-store-bench.js";
export { limiterStoreCases } from "./testing/limiter-store-cases.js";
export { type Recorder, type RecorderOptions, recorder } from "./testing/recorder.js";
export {
  fail,
  forever,
  hang,
  ok,
  ScriptEndedError,
  type Scripted,
  type ScriptedSync,
  type Step,
  scripted,
  scriptedSync,
  slow,
} from "./testing/scripted.js";
export { type VirtualBlockingClock, virtualBlockingClock } from "./testing/virtual-blocking-clock.js";
export { StalledError, type VirtualClock, type VirtualClockOptions, virtualClock } from "./testing/virtual-clock.js";
export { withClock } from "./testing/with-clock.js";
