import { admittedReply } from "./answering.js";
import { type Exchange, problemReply } from "./exchange.js";
import { BadRequest, type JsonObject, parseObject, textOf } from "./json.js";
import { levelsOf, namesOf } from "./logging.js";
import { type Answer, tokensOf } from "./model/answer.js";
import type { Admitted } from "./model/arrival.js";
import { estimateTokens } from "./model/cost.js";
import { hashText } from "./model/hash.js";
import type { EndpointOptions } from "./options.js";
import type { Reply, WireRequest } from "./reply.js";
import { EXAMPLE_MODELS, modelCard, modelList } from "./routes/models.js";
import type { Asked, Writing } from "./routes/route.js";
import type { FoundRoute } from "./routes/table.js";

/** The reply to a request, in the order in which a provider checks: key, body, model, limits, and then faults. */
export function decide(
  exchange: Exchange,
  request: WireRequest,
  found: FoundRoute | undefined,
  options: EndpointOptions,
): Reply {
  if (options.keys?.includes(exchange.key) === false) return turnedAway(exchange, "unauthorized");
  if (found === undefined) return modelRoutes(exchange, request, options);
  try {
    const text = readText(request);
    const body = parseObject(text);
    const asked = found.route.read(body, found.path);
    Object.assign(exchange.entry, namesOf(request, body));
    note(exchange, `${request.target}\n${text}`, asked);
    return ask(exchange, body, asked, found, options);
  } catch (error) {
    // Nesting that is too deep for the stack is the caller's doing, too.
    if (error instanceof RangeError)
      return problemReply(exchange, { kind: "invalid", message: "The JSON is nested too deeply." });
    if (!(error instanceof BadRequest)) throw error;
    const param = error.param === undefined ? {} : { param: error.param };
    return problemReply(exchange, { kind: error.kind, message: error.message, ...param });
  }
}

function note({ entry }: Exchange, request: string, asked: Asked): void {
  entry.model = asked.model;
  entry.stream = asked.stream;
  entry.requestHash = hashText(request);
  entry.promptHash = hashText(`${asked.model}\n${JSON.stringify(asked.prompt)}`);
}

function ask(exchange: Exchange, body: JsonObject, asked: Asked, found: FoundRoute, options: EndpointOptions): Reply {
  const { entry, model } = exchange;
  if (options.models?.includes(asked.model) === false) {
    return turnedAway(
      exchange,
      "not-found",
      `The model \`${asked.model}\` does not exist or you do not have access to it.`,
    );
  }
  const tokens = estimateTokens(asked.size.characters);
  const most = model.settings.contextTokens;
  if (tokens > most) {
    exchange.entry.verdict = "context";
    return problemReply(exchange, { kind: "context", context: { tokens, most } });
  }
  const written = options.answer?.(body) ?? asked.wish?.write(entry.promptHash);
  const given = written === undefined ? undefined : tokensOf(written);
  const outputTokens = asked.outputTokens ?? given?.length;
  const arrival = { key: exchange.key, hash: entry.requestHash, promptHash: entry.promptHash };
  const { size, stream } = asked;
  const produced = outputTokens === undefined ? {} : { outputTokens };
  const decision = model.arrive({ ...arrival, model: asked.model, size, stream, ...produced }, entry.atMs);
  entry.attempt = decision.attempt;
  entry.costTokens = decision.cost.tokens;
  entry.levels = levelsOf(model, exchange.key, asked.model, entry.atMs);
  if (decision.verdict !== "admitted") {
    entry.verdict = decision.verdict;
    if (decision.verdict === "unreachable") return unreachable(exchange);
    if (decision.shortage !== undefined) entry.dimension = decision.shortage.dimension;
    return problemReply(exchange, { kind: decision.verdict }, decision);
  }
  entry.verdict = decision.strike === undefined ? "answered" : "fault";
  if (decision.strike !== undefined) entry.fault = decision.strike.kind;
  const answer: Writing["answer"] = (variant = 0) => {
    if (given !== undefined) return cutAt(given, size.maxTokens);
    return model.answer(entry.promptHash, size.maxTokens, variant);
  };
  return settled(exchange, asked, decision, admittedReply(exchange, found.route, asked, decision, answer));
}

/** A reply whose end gives back its place, and tells the model what was produced. */
function settled(exchange: Exchange, asked: Asked, admitted: Admitted, reply: Reply): Reply {
  const finish = (whole: boolean): void => {
    const atMs = exchange.laterMs();
    if (whole && reply.status === 200 && !asked.stream) admitted.produce(admitted.outputTokens, atMs);
    admitted.end(atMs);
    exchange.finish(whole);
  };
  return { ...reply, finish };
}

function unreachable(exchange: Exchange): Reply {
  exchange.entry.fault = "refuse";
  return { ...problemReply(exchange, { kind: "unavailable" }), head: "refuse" };
}

function modelRoutes(exchange: Exchange, request: WireRequest, options: EndpointOptions): Reply {
  const path = request.target.split("?", 1)[0] ?? "";
  const models = options.models ?? EXAMPLE_MODELS;
  const name = /^(?:\/[a-z]+)?\/v1\/models\/(.+)$/.exec(path)?.[1];
  if (request.method === "GET" && /^(?:\/[a-z]+)?\/v1\/models$/.test(path)) return listing(exchange, modelList(models));
  if (request.method === "GET" && name !== undefined && models.includes(name))
    return listing(exchange, modelCard(name));
  if (request.method === "GET" && name !== undefined) {
    exchange.entry.model = name;
    return turnedAway(exchange, "not-found", `The model '${name}' does not exist`);
  }
  return turnedAway(exchange, "not-found", `Invalid URL (${request.method} ${path})`);
}

function listing(exchange: Exchange, body: JsonObject): Reply {
  const reply = problemReply(exchange, { kind: "not-found" });
  exchange.entry.route = "models";
  exchange.entry.verdict = "answered";
  exchange.entry.status = 200;
  return { ...reply, status: 200, parts: [{ atMs: 0, data: JSON.stringify(body) }] };
}

function turnedAway(exchange: Exchange, kind: "unauthorized" | "not-found", message?: string): Reply {
  exchange.entry.verdict = kind;
  return problemReply(exchange, { kind, ...(message === undefined ? {} : { message }) });
}

function readText(request: WireRequest): string {
  const type = request.header("content-type");
  if (type !== undefined && !/json|text\/plain/i.test(type)) {
    const given = type.slice(0, 100);
    throw new BadRequest(
      `Unsupported content type '${given}'. This API method only accepts 'application/json' requests.`,
    );
  }
  return textOf(request.body);
}

function cutAt(tokens: readonly string[], maxTokens: number | undefined): Answer {
  const bound = maxTokens ?? tokens.length;
  return { tokens: tokens.slice(0, bound), cut: tokens.length > bound };
}
