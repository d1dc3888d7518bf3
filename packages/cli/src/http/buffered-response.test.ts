import { describe, expect, test } from "vitest";
import { BufferedResponse } from "./buffered-response.js";

const TEXT = '{"answer":"Zürich 東京"}';

function buffered(status = 200): BufferedResponse {
  return new BufferedResponse(new TextEncoder().encode(TEXT), { status, headers: new Headers({ "x-id": "7" }) });
}

describe("BufferedResponse", () => {
  test("has the status and the headers of the answer", () => {
    const { status, ok, headers } = buffered(503);

    expect([status, ok, headers.get("x-id")]).toEqual([503, false, "7"]);
    expect(buffered(299).ok).toBe(true);
  });

  test.each<[string, (response: Response) => Promise<unknown>, unknown]>([
    ["text", (response) => response.text(), TEXT],
    ["a value", (response) => response.json(), JSON.parse(TEXT)],
    ["bytes", async (response) => new TextDecoder().decode(await response.arrayBuffer()), TEXT],
    ["a blob", async (response) => (await response.blob()).text(), TEXT],
    ["a stream", (response) => new Response(response.body).text(), TEXT],
  ])("gives its body as %s, once", async (_, read, expected) => {
    const response = buffered();

    expect(response.bodyUsed).toBe(false);
    expect(await read(response)).toEqual(expected);
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    await expect(response.arrayBuffer()).rejects.toThrow(TypeError);
  });

  test("gives no stream of a body that was read", async () => {
    const response = buffered();
    await response.text();

    expect(() => new Response(response.body)).toThrow(TypeError);
  });

  test("is read twice through a copy", async () => {
    const response = buffered();
    const copy = response.clone();

    expect([await response.text(), await copy.text(), copy.status, copy.headers.get("x-id")]).toEqual([
      TEXT,
      TEXT,
      200,
      "7",
    ]);
  });

  test("reads a form", async () => {
    const headers = new Headers({ "content-type": "application/x-www-form-urlencoded" });
    const response = new BufferedResponse(new TextEncoder().encode("a=1"), { status: 200, headers });

    expect((await response.formData()).get("a")).toBe("1");
  });
});
