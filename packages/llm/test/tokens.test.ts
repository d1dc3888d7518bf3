import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import { type CountTokens, Quota, requestSizeOf } from "../src/index.js";
import { Way } from "./drained.js";

const PROSE = {
  English: "The provider lets a key spend so much in a minute, and whoever sends faster than that is refused at once.",
  German:
    "Maschinelles Lernen ist ein Teilgebiet der künstlichen Intelligenz, das Algorithmen untersucht, die aus Daten lernen können.",
  Russian:
    "В начале июля, в чрезвычайно жаркое время, под вечер, один молодой человек вышел из своей каморки на улицу.",
  Arabic: "التعلم الآلي هو فرع من فروع الذكاء الاصطناعي يدرس الخوارزميات التي تتعلم من البيانات.",
  Hindi: "मशीन लर्निंग कृत्रिम बुद्धिमत्ता की एक शाखा है जो डेटा से सीखने वाले एल्गोरिदम का अध्ययन करती है।",
  Chinese: "发送速度超过服务商允许的上限时，请求会立即被拒绝，必须稍后再试。",
  Japanese: "機械学習は人工知能の一分野であり、データから学習するアルゴリズムを研究する。",
  Korean: "기계 학습은 데이터로부터 학습하는 알고리즘을 연구하는 인공지능의 한 분야이다.",
} as const;

describe("the tokens of a prompt", () => {
  test("are counted exactly by gpt-tokenizer, and what the model is told costs nothing else", () => {
    const content = "hello world, this is exactly what it is";
    const counts: CountTokens = countTokens;

    const { tokens, characters } = requestSizeOf({ messages: [{ role: "user", content }] }, counts);

    expect({ tokens, characters }).toEqual({ tokens: countTokens(content), characters: content.length });
  });

  test("decide what a quota reserves, where a provider charges the input", async () => {
    const quota = { tpm: 100_000, costModel: "anthropic", countTokens } as const;
    const way = new Way({ emulator: { tpm: 100_000, latency: "100ms" }, quota });
    const call = way.chat(7);
    const response = way.fetch(...call);
    await way.clock.advance("50ms");
    const { level = 0, limit = 0 } = way.quota.state()[0]?.currencies["tokens"] ?? {};
    await way.clock.run(response);

    const { messages } = JSON.parse(String(call[1].body)) as { readonly messages: [{ readonly content: string }] };
    expect(limit - level).toBeLessThanOrEqual(countTokens(messages[0].content));
    expect(limit - level).toBeGreaterThan(countTokens(messages[0].content) - (50 * limit) / 60_000);
  });

  test.each(Object.entries(PROSE))("are estimated within a quarter without it: %s", (_, content) => {
    const exact = countTokens(content);
    const { tokens } = requestSizeOf({ messages: [{ role: "user", content }] });

    expect(tokens / exact).toBeGreaterThan(0.75);
    expect(tokens / exact).toBeLessThan(1.25);
  });

  test("are refused where a counter is no function", () => {
    expect(() => new Quota({ countTokens: 4 as unknown as CountTokens })).toThrow("quota.countTokens");
  });
});
