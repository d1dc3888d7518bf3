import type { ErrorBody } from "../classify/error-body.js";
import { anthropic } from "./anthropic.js";
import { azure } from "./azure.js";
import type { Dialect } from "./dialect.js";
import { gemini } from "./gemini.js";
import { generic } from "./generic.js";
import { groq } from "./groq.js";
import { mistral } from "./mistral.js";
import { openai } from "./openai.js";
import { openrouter } from "./openrouter.js";
import { llamacpp, ollama, vllm } from "./self-hosted.js";

/** The dialects that are known, in the order in which they are tried. */
export const DIALECTS: readonly Dialect[] = [
  azure,
  openai,
  anthropic,
  gemini,
  mistral,
  groq,
  openrouter,
  llamacpp,
  vllm,
  ollama,
  generic,
];

const known = new WeakMap<URL, Dialect>();

/** The dialect that a host or path speaks; the generic one where neither tells. */
export function dialectOfUrl(url: URL): Dialect {
  let dialect = known.get(url);
  if (dialect === undefined) {
    const { hostname, pathname } = url;
    dialect =
      DIALECTS.find(({ hosts }) => hosts?.test(hostname)) ??
      DIALECTS.find(({ paths }) => paths?.test(pathname)) ??
      generic;
    known.set(url, dialect);
  }
  return dialect;
}

/** What the shape of a body gives away, where the host does not: the codes and fields that only one provider has. */
const SHAPES: readonly (readonly [Dialect, (body: ErrorBody) => boolean])[] = [
  [anthropic, ({ objects: [first] }) => first?.["type"] === "error"],
  [gemini, ({ objects }) => objects.some((object) => /^[A-Z_]{5,}$/.test(String(object["status"])))],
  [mistral, ({ objects: [first] }) => first?.["object"] === "error" && first["code"] === "1300"],
  [openrouter, ({ objects }) => objects.some((object) => "error_type" in object || "provider_name" in object)],
  [llamacpp, ({ signals }) => signals.includes("exceed_context_size_error") || signals.includes("unavailable_error")],
  [vllm, ({ signals }) => signals.some((signal) => /^(badrequest|notfound|internalserver)error$/.test(signal))],
  [azure, ({ signals }) => signals.includes("ratelimitreached") || signals.includes("deploymentnotfound")],
];

/** The dialect of an answer: as the URL says; else by its headers, else by its body. */
export function dialectOfAnswer(byUrl: Dialect, headers: Headers, body: ErrorBody): Dialect {
  if (byUrl.name !== "generic") return byUrl;
  return (
    DIALECTS.find((dialect) => dialect.headers?.some((name) => headers.has(name))) ??
    SHAPES.find(([, matches]) => matches(body))?.[0] ??
    byUrl
  );
}
