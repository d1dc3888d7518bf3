// Whether the emulator's answers fit OpenAI's published OpenAPI description, as far as a schema validator can tell.
// Usage: npm ci --prefix bench && node bench/emulator-openapi.mjs path/to/openapi.json   (after `npm run build`)
// The description is the file openapi.json of the public repository openai/openai-openapi; it is not kept here.
// Each schema that is used must also refuse an empty object, so that none of them lets everything pass.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { emulatorFetch } from "../packages/emulator/dist/index.js";

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: node bench/emulator-openapi.mjs path/to/openapi.json");
  process.exit(2);
}

// The description still says `nullable`, which OpenAPI 3.1 no longer knows, where it means "or null".
const description = JSON.parse(readFileSync(path, "utf8"), (_, value) => {
  if (value?.nullable !== true) return value;
  const { nullable, ...rest } = value;
  return { anyOf: [rest, { type: "null" }] };
});
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
ajv.addSchema(description, "openai");
const validators = new Map();
let checked = 0;
let wrong = 0;

console.log(`OpenAI's description ${description.info.version}, OpenAPI ${description.openapi}`);
await chat();
await responses();
await embeddings();
await errors();
console.log(`${checked} values checked against ${validators.size} schemas, ${wrong} do not fit`);
process.exitCode = wrong === 0 ? 0 : 1;

async function chat() {
  const ask = { model: "gpt-x", messages: [{ role: "user", content: "Why is the sky blue?" }] };
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tools = [{ type: "function", function: { name: "weather", parameters } }];
  const schema = { type: "object", properties: { mood: { enum: ["good", "bad"] } }, required: ["mood"] };
  const variants = [
    {},
    { n: 3 },
    { max_tokens: 3 },
    { tools },
    { tools, n: 2, max_tokens: 5 },
    { response_format: { type: "json_object" } },
    { response_format: { type: "json_schema", json_schema: { name: "mood", schema } } },
  ];
  for (const variant of variants) {
    const name = `chat ${JSON.stringify(variant).slice(0, 40)}`;
    check(name, "CreateChatCompletionResponse", await post("chat/completions", { ...ask, ...variant }));
    const stream = await post("chat/completions", {
      ...ask,
      ...variant,
      stream: true,
      stream_options: { include_usage: true },
    });
    for (const event of eventsOf(stream)) check(`${name} chunk`, "CreateChatCompletionStreamResponse", event);
  }
}

async function responses() {
  const ask = { model: "gpt-x", input: "Why is the sky blue?" };
  const tools = [
    {
      type: "function",
      name: "weather",
      strict: true,
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  ];
  for (const variant of [
    {},
    { max_output_tokens: 16 },
    { tools },
    { instructions: "Be brief.", metadata: { a: "b" } },
    { text: { format: { type: "json_schema", name: "mood", schema: { properties: { mood: { type: "string" } } } } } },
  ]) {
    const name = `response ${JSON.stringify(variant).slice(0, 40)}`;
    check(name, "Response", await post("responses", { ...ask, ...variant }));
    const stream = await post("responses", { ...ask, ...variant, stream: true });
    for (const event of eventsOf(stream)) check(`${name} ${event.type}`, eventSchema(event.type), event);
  }
  const broken = await post("responses", { ...ask, stream: true }, { faults: ["error-frame@2"] });
  check("response error event", "ResponseErrorEvent", eventsOf(broken).at(-1));
}

async function embeddings() {
  const ask = { model: "text-embedding-3-small", input: ["one", "two"] };
  check("embeddings", "CreateEmbeddingResponse", await post("embeddings", ask));
  const list = await emulatorFetch()("https://emulator.test/v1/models");
  check("models", "ListModelsResponse", await list.json());
  const model = await emulatorFetch()("https://emulator.test/v1/models/gpt-4o");
  check("model", "Model", await model.json());
}

async function errors() {
  const ask = { model: "gpt-x", messages: [{ role: "user", content: "hi" }], max_tokens: 100 };
  const cases = [{ tpm: 50 }, { tpm: 150 }, { money: 0 }, { keys: [] }, { models: [] }, { contextTokens: 0 }];
  const faults = ["408", "409", "500", "503", "504", "529", "slow-down"];
  for (const options of [...cases, ...faults.map((fault) => ({ faults: [fault] }))]) {
    check(`error ${JSON.stringify(options)}`, "ErrorResponse", await post("chat/completions", ask, options, 2));
  }
  check("error of a bad request", "ErrorResponse", await post("chat/completions", {}));
  const broken = await post("chat/completions", { ...ask, stream: true }, { faults: ["error-frame@2"] });
  check("error inside a stream", "ErrorResponse", eventsOf(broken).at(-1));
}

/** Posts `times` times to one emulator and gives the last answer: parsed JSON, or the text of a stream. */
async function post(route, body, options = {}, times = 1) {
  const call = emulatorFetch(options);
  let text = "";
  for (let time = 0; time < times; time++) {
    const response = await call(`https://emulator.test/v1/${route}`, { method: "POST", body: JSON.stringify(body) });
    text = await response.text();
  }
  return text.startsWith("{") ? JSON.parse(text) : text;
}

function eventsOf(stream) {
  const datas = stream.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
  return datas.filter((data) => data !== "[DONE]").map((data) => JSON.parse(data));
}

/** The schema of one event: that of its own type, so that a mistake is not hidden among fifty alternatives. */
function eventSchema(type) {
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    if (name.endsWith("Event") && schema.properties?.type?.enum?.[0] === type) return name;
  }
  return "ResponseStreamEvent";
}

function check(name, schema, value) {
  checked++;
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `openai#/components/schemas/${schema}` });
    validators.set(schema, validate);
    if (validate({})) {
      wrong++;
      console.log(`${schema} lets an empty object pass, so that it proves nothing`);
    }
  }
  if (validate(value)) return;
  wrong++;
  if (wrong <= 20)
    console.log(
      `${name}: does not fit ${schema}: ${ajv.errorsText(validate.errors)}\n  ${JSON.stringify(value).slice(0, 300)}`,
    );
}
