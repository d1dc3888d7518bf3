import { expect, test } from "vitest";
import * as http from "./http.js";
import * as core from "./index.js";
import * as kit from "./kit.js";
import * as sync from "./sync.js";
import * as testing from "./testing.js";

test("what is exported under a name bears it, and so does what it has of its own", () => {
  const { systemRandom: _hosts, ...ours } = core;
  const exported = Object.entries({ ...ours, ...http, ...kit, ...sync, ...testing });
  const owned = exported.flatMap(([, value]) => (typeof value === "function" ? Object.entries(value) : []));
  const misnamed = [...exported, ...owned].filter(
    ([name, value]) => typeof value === "function" && value.name !== name,
  );
  expect(misnamed.map(([name]) => name)).toEqual([]);
  expect(owned.map(([name]) => name)).toEqual(["attempts", "grpc", "aws", "finagle"]);
});
