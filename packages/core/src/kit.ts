export { cancellationIn } from "./attempt.js";
export { type AbortListener, type Cancellation, cancellationOf, onAbort } from "./cancellation.js";
export { defaultClock, startTimer } from "./clock.js";
export { durationMs, toMs } from "./duration.js";
export { optionError, shown } from "./errors.js";
export { checkFunction, checkInteger, checkKeys } from "./options.js";
export { type Call, coreOf, type Execute, makePolicy, type PolicyCore } from "./policy.js";
