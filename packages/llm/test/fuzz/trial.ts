import { AdmissionDeadlineError, CostTooLargeError } from "bide";
import { virtualClock } from "bide/testing";
import {
  type DecisionClass,
  type LlmEvent,
  llmFetch,
  MalformedAnswerError,
  RequestTimeoutError,
  StreamInterruptedError,
} from "../../src/index.js";
import { REFUSALS } from "../refusals.js";
import { type Ending, type Step, scripted, stream, told } from "../scripted.js";
import { chopped, Dice, mutated, mutatedHeaders } from "./mutate.js";

const MAX_ATTEMPTS = 4;
const MAX_TIME_MS = 120_000;
const DEADLINE_MS = 300_000;
/** Stands in every prompt and every body, and must never be told. */
const SECRET = "q7Zx-secret";

const FINAL: ReadonlySet<DecisionClass> = new Set([
  "quota",
  "too-big",
  "context",
  "content-filter",
  "invalid",
  "auth",
  "not-found",
]);

/** A recorded answer, before anything is done to it. */
interface Sample {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly stream: boolean;
  /** What it means as it stands. */
  readonly class?: DecisionClass;
}

const CHAT = "https://api.openai.com/v1/chat/completions";
const EVENTS = { "content-type": "text/event-stream" };

function sse(url: string, events: readonly (string | object)[]): Sample {
  const text = events
    .map((event) => (typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`))
    .join("");
  return { url, status: 200, headers: new Headers(EVENTS), bytes: encoded(text), stream: true };
}

const STREAMS: readonly Sample[] = [
  sse(CHAT, told("Hello", ` ${SECRET}`, "東京 😀", "!")),
  sse(CHAT, [": keep-alive\n\n", ...told("Hello"), { error: { message: SECRET, type: "server_error" } }]),
  sse("https://api.anthropic.com/v1/messages", [
    'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3}}}\n\n',
    'event: ping\ndata: {"type":"ping"}\n\n',
    `event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"${SECRET}"}}\n\n`,
    'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":9}}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  ]),
  sse("https://api.openai.com/v1/responses", [
    { type: "response.created", response: {} },
    { type: "response.output_text.delta", delta: SECRET },
    { type: "response.completed", response: { usage: { input_tokens: 1, output_tokens: 2 } } },
  ]),
  sse("https://generativelanguage.googleapis.com/v1beta/models/g:streamGenerateContent", [
    { candidates: [{ content: { parts: [{ text: SECRET }] } }] },
    { candidates: [{ finishReason: "STOP" }], usageMetadata: { promptTokenCount: 3 } },
  ]),
];

const WHOLES: readonly Sample[] = [
  {
    url: CHAT,
    status: 200,
    headers: new Headers({ "content-type": "application/json" }),
    bytes: encoded(
      JSON.stringify({ choices: [{ index: 0, message: { content: SECRET } }], usage: { prompt_tokens: 3 } }),
    ),
    stream: false,
  },
];

const ERRORS: readonly Sample[] = REFUSALS.map(({ host, status, headers = {}, body, class: type }) => ({
  url: host,
  status,
  headers: new Headers({ "content-type": "application/json", ...headers }),
  bytes: encoded(typeof body === "string" ? body : JSON.stringify(body).replace('message":"', `message":"${SECRET} `)),
  stream: false,
  class: type,
}));

/** Runs one trial. @throws an error that tells the seed and which rule was broken. */
export async function trial(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const sample = dice.of([dice.of(STREAMS), dice.of(WHOLES), dice.of(ERRORS), dice.of(ERRORS)]);
  // Some keep their bytes and are only cut into other chunks: those must come out as they went in.
  const isIntact = dice.chance(0.2);
  const clock = virtualClock();
  const server = scripted(clock, ...Array.from({ length: MAX_ATTEMPTS + 1 }, () => stepOf(sample, isIntact, dice)));
  const events: LlmEvent[] = [];
  const layer = llmFetch({
    clock,
    fetch: server,
    random: () => 0.5,
    maxAttempts: MAX_ATTEMPTS,
    maxTime: MAX_TIME_MS,
    deadline: DEADLINE_MS,
    attemptTimeout: "40s",
    timeouts: { betweenEvents: "20s" },
    buffered: dice.chance(0.3),
    onEvent: (event) => events.push(event),
  });
  const body = JSON.stringify({ model: "m", stream: sample.stream, messages: [{ role: "user", content: SECRET }] });
  const ended = await clock.run(outcome(layer(sample.url, { method: "POST", body }))).catch((error: unknown) => {
    throw new Error(`seed ${seed}: hangs (${String(error)})`);
  });

  const rules: Readonly<Record<string, boolean>> = {
    "ends in an answer or in an error that is known": isKnown(ended.error),
    "sends no more than it may": server.requests.length >= 1 && server.requests.length <= MAX_ATTEMPTS,
    "begins no attempt after its time": server.requests.every(
      ({ atMs }, n) => atMs - queuedMs(events, n) <= MAX_TIME_MS,
    ),
    "is over by its deadline": clock.nowMs() <= DEADLINE_MS,
    "leaves no timer": clock.pending === 0,
    "tells no secret":
      !JSON.stringify([events, layer.bide.stats()]).includes(SECRET) && !`${ended.error}`.includes(SECRET),
    "retries nothing that must not be retried": !isRetriedInVain(events),
    "hands on what was whole as it was":
      !(isIntact && sample.status === 200 && !sample.class) || isSameOrBroken(ended, sample),
  };
  const broken = Object.keys(rules).filter((rule) => !rules[rule]);
  if (broken.length > 0) throw new Error(`seed ${seed}: ${broken.join("; ")} (${String(ended.error)})`);
}

function stepOf(sample: Sample, isIntact: boolean, dice: Dice): Step {
  const bytes = isIntact ? sample.bytes : mutated(sample.bytes, dice);
  const headers = isIntact ? sample.headers : mutatedHeaders(sample.headers, dice);
  const status =
    isIntact || dice.chance(0.9)
      ? sample.status
      : dice.of([200, 201, 204, 301, 400, 401, 404, 408, 418, 429, 500, 503, 529]);
  const ending: Ending = isIntact ? "end" : dice.of(["end", "end", "end", "hang", new TypeError("terminated")]);
  const isRefusedAtOnce = !isIntact && dice.chance(0.05);
  const chunks = chopped(bytes, dice);
  return async (request) => {
    if (isRefusedAtOnce)
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code: "ECONNRESET" }) });
    const { body } = await stream(chunks, ending)(request);
    return new Response([204, 301].includes(status) ? null : body, { status, headers });
  };
}

interface Ended {
  readonly bytes: Uint8Array;
  readonly error: unknown;
}

async function outcome(answering: Promise<Response>): Promise<Ended> {
  const chunks: Uint8Array[] = [];
  try {
    const response = await answering;
    for await (const chunk of response.body ?? []) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

function isKnown(error: unknown): boolean {
  if (error === undefined) return true;
  // What was made up may be a limit that no request fits, or none before its deadline: that is said, and nothing more is sent.
  const refusals = [CostTooLargeError, AdmissionDeadlineError];
  const known = [StreamInterruptedError, MalformedAnswerError, RequestTimeoutError, ...refusals];
  if (known.some((type) => error instanceof type)) return true;
  return error instanceof TypeError && /^(terminated|fetch failed)$/.test(error.message);
}

/** How long a request waited for its quota, which `maxTime` does not bound. */
function queuedMs(events: readonly LlmEvent[], index: number): number {
  return events.filter((event) => event.type === "request-sent")[index]?.queuedMs ?? 0;
}

function isRetriedInVain(events: readonly LlmEvent[]): boolean {
  const final = events.findIndex((event) => event.type === "request-failed" && FINAL.has(event.decision.class));
  return final >= 0 && events.slice(final).some(({ type }) => type === "request-sent");
}

/** A sample that ends in an error event breaks, however it is cut. */
function isSameOrBroken({ bytes, error }: Ended, sample: Sample): boolean {
  if (error instanceof StreamInterruptedError) return error.reason === "error-event";
  return Buffer.compare(bytes, sample.bytes) === 0;
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
