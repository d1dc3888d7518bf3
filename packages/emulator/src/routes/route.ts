import type { JsonObject } from "../json.js";
import type { Answer } from "../model/answer.js";
import type { Admitted } from "../model/arrival.js";
import type { RequestSize } from "../model/cost.js";
import type { DialectName } from "../model/dialects/dialect.js";
import type { Wish } from "./wish.js";

/** A piece of a stream, before faults touch it. */
export interface StreamEvent {
  readonly kind: "open" | "content" | "finish" | "usage" | "done";
  readonly atMs: number;
  readonly data: string;
  /** Tokens of text that it carries. @default 1 for content, 0 for all else */
  readonly tokens?: number;
}

/** What a writer may use to write an answer. */
export interface Writing {
  readonly admitted: Admitted;
  /** Hex digits that depend on the request alone, for ids. */
  readonly id: string;
  /** Seconds since 1970; always the same, so that two runs compare byte for byte. */
  readonly created: number;
  /** The answer's text; `variant` counts the answers of one request. */
  answer(variant?: number): Answer;
  /** When a content token is due, counted from 0. */
  tokenAtMs(index: number): number;
}

/** A request that a route has read and found valid. */
export interface Asked {
  readonly model: string;
  /** What the answer depends on. */
  readonly prompt: unknown;
  readonly size: RequestSize;
  readonly stream: boolean;
  /** Set where no model writes text, as 0 for embeddings. */
  readonly outputTokens?: number;
  /** Writes the answer where it is no free text, from the prompt's hash. */
  readonly wish?: Wish;
  /** The whole body as JSON. */
  json(writing: Writing): unknown;
  /** The events of a stream. */
  events(writing: Writing): Iterable<StreamEvent>;
}

/** An endpoint that a model answers. */
export interface Route {
  readonly name: string;
  /** The provider whose endpoint this is, if the emulator's dialect does not decide. */
  readonly dialect?: DialectName;
  /** The content type of a stream. */
  readonly streamType: string;
  /** One frame that carries an error inside a stream, from the JSON of the error's body. */
  errorFrame(body: string): string;
  /** Reads a body; `path` are the parts that the path's pattern captured. Throws `BadRequest`. */
  read(body: JsonObject, path: readonly string[]): Asked;
}
