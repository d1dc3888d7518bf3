export { InputError, InterruptedError, JournalError, type JournalProblem, OutputError } from "./errors.js";
export { type ExportOptions, exportResults } from "./export.js";
export { type BatchFiles, filesOf } from "./files.js";
export { BATCH_URLS, type BatchRequest } from "./formats/batch-request.js";
export type { BatchOutput, ItemOutcome } from "./formats/batch-response.js";
export type { JsonObject } from "./formats/json.js";
export { PROMPT_DEFAULTS, type PromptFormat, type PromptOptions } from "./formats/prompts/template.js";
export type { Database, OpenDatabase, Row, SqlValue, Statement } from "./journal/database.js";
export type { ImportReport } from "./journal/import.js";
export { openLibsql } from "./journal/libsql.js";
export type { ResultOrder } from "./journal/output-lines.js";
export {
  type JournalAttempt,
  type JournalItem,
  type JournalReader,
  type LastProgress,
  readJournal,
} from "./journal/reader.js";
export type { Attempt, AttemptRecord, Counts, EndpointSettings, RunRecord, RunSettings } from "./journal/records.js";
export { batchResults } from "./run/batch-results.js";
export type { Endpoint } from "./run/endpoint.js";
export type { BatchEstimate, RestEstimate } from "./run/estimate.js";
export { estimateBatch } from "./run/estimate-batch.js";
export type {
  AttemptEnded,
  AttemptStarted,
  BatchEvent,
  EndpointLost,
  EndpointRegained,
  ItemDone,
  RunEnded,
  RunStarted,
  RunStopping,
} from "./run/events.js";
export type { BatchLine, BatchLines } from "./run/input.js";
export { BATCH_DEFAULTS, type BatchOptions, type BatchSummary } from "./run/options.js";
export { NO_PROGRESS, type Progress, type RequestTotals } from "./run/progress.js";
export { runBatch } from "./run/run-batch.js";
export type { Stop, StopReason } from "./run/stop.js";
