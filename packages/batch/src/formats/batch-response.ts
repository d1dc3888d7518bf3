/** What became of a request: an answer of the endpoint, whatever its status, or the reason why there is none. */
export type ItemOutcome =
  | { readonly kind: "answer"; readonly status: number; readonly requestId: string; readonly bodyJson: string }
  | { readonly kind: "failure"; readonly code: string; readonly message: string };

/** One line of an OpenAI Batch output or error file, as a value. */
export interface BatchOutput {
  readonly id: string;
  readonly custom_id: string;
  /** The answer, whatever its status; `null` where there was none. */
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: unknown } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Whether the request succeeded: an answer with a status of 2xx. */
export function isSuccess(outcome: ItemOutcome): boolean {
  return outcome.kind === "answer" && outcome.status >= 200 && outcome.status < 300;
}

/**
 * One line of an OpenAI Batch output or error file:
 * `{"id":"batch_req_1c…","custom_id":"film-1","response":{"status_code":200,"request_id":"req_…","body":{…}},"error":null}`
 *
 * The body's own text is kept, so that no number loses a digit.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/request-output
 */
export function batchResponseLine(id: string, customId: string, outcome: ItemOutcome): string {
  const head = `{"id":"batch_req_${id}","custom_id":${JSON.stringify(customId)}`;
  if (outcome.kind === "failure") {
    const { code, message } = outcome;
    return `${head},"response":null,"error":${JSON.stringify({ code, message })}}`;
  }
  const { status, requestId, bodyJson } = outcome;
  // Outside of strings, where JSON has no raw line feed, it is mere space.
  const body = bodyJson.trim().replace(/[\r\n]+/g, " ");
  return `${head},"response":{"status_code":${status},"request_id":${JSON.stringify(requestId)},"body":${body}},"error":null}`;
}
