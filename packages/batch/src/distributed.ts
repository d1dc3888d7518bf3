export type { WorkerFigures } from "./distributed/desk.js";
export { RedisGoneError } from "./distributed/engine.js";
export {
  DISTRIBUTED_DEFAULTS,
  type DistributedOptions,
  WORKER_DEFAULTS,
  type WorkerOptions,
} from "./distributed/options.js";
export { runDistributed } from "./distributed/run-distributed.js";
export { SealError } from "./distributed/seal.js";
export { type SharedQuota, type SharedQuotaOptions, shareQuota } from "./distributed/shared-quota.js";
export {
  type DistributedStatus,
  distributedStatus,
  type RunStatus,
  type WorkerStatus,
} from "./distributed/status.js";
export { type DistributedWorker, startWorker } from "./distributed/worker.js";
