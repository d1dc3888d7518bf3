import { RequestTimeoutError, StreamInterruptedError } from "../errors.js";
import type { Exchange } from "../exchange.js";
import type { Wire } from "../wire.js";
import { rebuilt } from "./open.js";
import { PartialAnswer } from "./partial.js";
import { BodySource } from "./source.js";

/** A body of which nothing is known, such as speech: handed on as it comes. */
export function passThrough(
  response: Response,
  body: ReadableStream<Uint8Array>,
  exchange: Exchange,
  wire: Wire,
): Response {
  const source = new BodySource(body, exchange);
  const end = (error?: unknown): void => {
    source.release();
    exchange.release();
    wire.onStreamEnd({ usage: undefined, events: 0, error });
  };
  const stream: UnderlyingDefaultSource<Uint8Array> = {
    pull: async (controller) => {
      try {
        const chunk = await source.read();
        if (chunk) return controller.enqueue(chunk);
        end();
        controller.close();
      } catch (error) {
        const shown = error instanceof RequestTimeoutError ? deadlineOf(error) : error;
        end(shown);
        controller.error(shown);
      }
    },
    cancel: (reason) => {
      end();
      return source.cancel(reason);
    },
  };
  return rebuilt(response, new ReadableStream(stream, { highWaterMark: 0 }));
}

function deadlineOf(cause: RequestTimeoutError): StreamInterruptedError {
  return new StreamInterruptedError("deadline", new PartialAnswer(), 0, undefined, { cause });
}
