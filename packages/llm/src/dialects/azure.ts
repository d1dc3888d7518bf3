import type { Rule } from "../classify/rules.js";
import type { Dialect } from "./dialect.js";
import { OPENAI_RULES } from "./openai.js";

const RULES: readonly Rule[] = [
  {
    id: "azure.content",
    class: "content-filter",
    signals: ["content_filter", "responsibleaipolicyviolation"],
    reason: "a content filter refused it",
  },
  {
    id: "azure.rate",
    class: "rate",
    signals: ["429", "ratelimitreached", "toomanyrequests"],
    reason: "the deployment's limit is used up",
  },
  { id: "azure.not-found", class: "not-found", signals: ["deploymentnotfound"], reason: "there is no such deployment" },
];

/** Azure OpenAI and Azure AI Foundry. @see https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota */
export const azure: Dialect = {
  name: "azure",
  hosts: /\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure|azure-api)\.(com|net|us|cn)$/,
  paths: /\/openai\/deployments\//,
  headers: ["apim-request-id", "x-ms-region"],
  requestIdHeader: "x-ms-client-request-id",
  rules: [...RULES, ...OPENAI_RULES],
  // The estimate of the prompt and the whole bound of the output, for every answer asked for.
  admission: "azure",
};
