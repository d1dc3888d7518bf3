import { expect, test } from "vitest";
import { AdmissionDeadlineError, AdmissionQueueFullError, type BideError, CostTooLargeError } from "../index.js";

const refusals: readonly [BideError, object][] = [
  [
    new CostTooLargeError("chat", "tokens", 101, 100),
    {
      name: "CostTooLargeError",
      code: "BIDE_COST_TOO_LARGE",
      isFinal: true,
      message: 'rate limit "chat": the request costs 101 tokens, and one may cost at most 100',
    },
  ],
  [
    new AdmissionDeadlineError("chat", 10.2, 9.6, "tokens"),
    {
      name: "AdmissionDeadlineError",
      code: "BIDE_ADMISSION_DEADLINE",
      isFinal: false,
      message: 'rate limit "chat": the request could go in 11 ms at the earliest (tokens), its deadline is in 10 ms',
    },
  ],
  [
    new AdmissionDeadlineError(undefined, 500, -3, "pause"),
    {
      untilDeadlineMs: -3,
      message: "rate limit: the request could go in 500 ms at the earliest (pause), its deadline is in 0 ms",
    },
  ],
  [
    new AdmissionQueueFullError("chat", 2),
    {
      name: "AdmissionQueueFullError",
      code: "BIDE_ADMISSION_QUEUE_FULL",
      isFinal: false,
      message: 'rate limit "chat": 2 requests wait already, and no more may',
    },
  ],
];

test.each(refusals)("%s says who refused, against which number", (error, expected) => {
  expect(error).toMatchObject(expected);
});
