// The well-known notebook recipe, kept in its shape and put right: run it with `npm run example notebook`.
import { expo, onException, wraps } from "bide";
import OpenAI, { APIConnectionTimeoutError, RateLimitError } from "openai";

try {
  process.loadEnvFile(".env");
} catch {
  // No .env here: then the key comes from the environment.
}

// The client's own retries are off, or they would multiply with ours; each attempt has a time of its own.
const client = new OpenAI({ maxRetries: 0, timeout: Number(process.env["ATTEMPT_TIMEOUT_MS"] ?? 20_000) });
const model = process.env["OPENAI_MODEL"] ?? "gpt-4o-mini";

const patient = onException(expo({ max: "10s" }), [RateLimitError, APIConnectionTimeoutError], {
  deadline: "60s",
  giveup: (error) => error instanceof RateLimitError && error.code === "insufficient_quota",
  onBackoff: ({ tries, waitMs }) => console.error(`attempt ${tries} failed, next in ${waitMs?.toFixed(0)} ms`),
});

// The recipe's own shape: a decorated function that looks like the method it calls …
const doCall = wraps(client.chat.completions.create)(
  patient(async (messages: OpenAI.ChatCompletionMessageParam[]) => client.chat.completions.create({ model, messages })),
);
const { choices } = await doCall([{ role: "user", content: "Hey! Mista!" }]);
console.log(choices[0]?.message.content);

// … and the same without the function: the method itself, bound, with its overloads and its name.
const create = patient.method(client.chat.completions, "create");
const again = await create({ model, messages: [{ role: "user", content: "And once more?" }] });
console.log(again.choices[0]?.message.content);
