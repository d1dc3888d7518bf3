import type { Rule } from "./rules.js";

/** What a status says by itself: the last resort, for proxies and for bodies that no dialect knows. */
export const STATUS_RULES: readonly Rule[] = [
  { id: "status.401", class: "auth", status: [401], reason: "the key was not accepted" },
  { id: "status.402", class: "quota", status: [402], reason: "payment is required" },
  { id: "status.403", class: "auth", scope: "model", status: [403], reason: "the key may not do this" },
  { id: "status.404", class: "not-found", status: [404], reason: "there is no such model or route" },
  { id: "status.408", class: "transient", status: [408], reason: "the server waited too long for the request" },
  { id: "status.409", class: "transient", status: [409], reason: "the request met another one" },
  { id: "status.425", class: "transient", status: [425], reason: "the server wants the request later" },
  { id: "status.429", class: "rate", status: [429], reason: "too many requests" },
  { id: "status.501", class: "invalid", status: [501, 505], reason: "the server cannot do this" },
  { id: "status.503", class: "overload", status: [503, 529], reason: "the server is overloaded" },
  {
    id: "status.5xx",
    class: "transient",
    when: ({ status = 0 }) => status >= 500,
    reason: "the server failed",
  },
  {
    id: "status.4xx",
    class: "invalid",
    when: ({ status = 0 }) => status >= 300,
    reason: "the request was refused",
  },
];
