import { describe, expect, test } from "vitest";
import { AnswerHeaders, type HeaderFields } from "./answer-headers.js";

const FIELDS: HeaderFields = {
  "content-type": "application/json",
  "x-padded": " 12 ",
  via: ["one", "two"],
  "set-cookie": ["a=1", "b=2"],
};

function platform(): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(FIELDS)) for (const one of [value].flat()) headers.append(name, one);
  return headers;
}

describe("AnswerHeaders", () => {
  test("looks up as the platform does, whatever the case of a name", () => {
    for (const name of ["content-type", "Content-Type", "x-padded", "VIA", "set-cookie", "missing", "toString"]) {
      expect([name, new AnswerHeaders(FIELDS).get(name)]).toEqual([name, platform().get(name)]);
      expect([name, new AnswerHeaders(FIELDS).has(name)]).toEqual([name, platform().has(name)]);
    }
  });

  test.each<[string, (headers: Headers) => unknown]>([
    ["walked through", (headers) => [...headers]],
    ["asked for its names", (headers) => [...headers.keys()]],
    ["asked for its values", (headers) => [...headers.values()]],
    ["asked for its entries", (headers) => [...headers.entries()]],
    ["asked for its cookies", (headers) => headers.getSetCookie()],
    ["copied", (headers) => [...new Headers(headers)]],
    ["given to a response", (headers) => [...new Response(null, { headers }).headers]],
    [
      "visited",
      (headers) => {
        const seen: string[] = [];
        headers.forEach((value, name) => void seen.push(`${name}: ${value}`));
        return seen;
      },
    ],
  ])("is what the platform has when it is %s", (_, look) => {
    expect(look(new AnswerHeaders(FIELDS))).toEqual(look(platform()));
  });

  test.each<[string, (headers: Headers) => void]>([
    ["set", (headers) => headers.set("Via", "three")],
    ["added", (headers) => headers.append("via", "three")],
    ["deleted", (headers) => headers.delete("via")],
  ])("is what the platform has after one was %s", (_, change) => {
    const [ours, theirs] = [new AnswerHeaders(FIELDS), platform()];
    change(ours);
    change(theirs);

    expect([ours.get("VIA"), ours.has("via"), ...ours]).toEqual([theirs.get("via"), theirs.has("via"), ...theirs]);
  });
});
