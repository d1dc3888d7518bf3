import { expect, test } from "vitest";
import { html, jsonFor, raw } from "./html.js";

test("what is put in is escaped, pieces of HTML are not", () => {
  const name = `"><script>alert('x')</script>&`;

  expect(html`<b title="${name}">${[html`<i>${1}</i>`, html`<i>${2}</i>`]}</b>`.text).toBe(
    `<b title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"><i>1</i><i>2</i></b>`,
  );
  expect(html`<style>${raw("a > b {}")}</style>`.text).toBe("<style>a > b {}</style>");
});

test("data cannot end the element that it stands in", () => {
  const text = jsonFor({ id: "</script><!--" }).text;

  expect(text).not.toContain("<");
  expect(JSON.parse(text)).toEqual({ id: "</script><!--" });
});
