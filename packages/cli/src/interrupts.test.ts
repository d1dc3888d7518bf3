import { EventEmitter } from "node:events";
import { virtualClock } from "bide/testing";
import { expect, test } from "vitest";
import { hearInterrupts } from "./interrupts.js";

function interrupts() {
  const exits: number[] = [];
  const process = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  const clock = virtualClock();
  const told: string[] = [];
  return { process, clock, told, exits, heard: hearInterrupts(() => told.push("first"), clock, process) };
}

test("the first Ctrl-C drains and says so, the second stops", async () => {
  const { process, clock, told, heard } = interrupts();

  process.emit("SIGINT", "SIGINT");
  await clock.advance("1h");
  expect([heard.drain.aborted, heard.stop.aborted, told]).toEqual([true, false, ["first"]]);

  process.emit("SIGINT", "SIGINT");
  expect([heard.stop.aborted, told]).toEqual([true, ["first"]]);
});

test.each(["SIGTERM", "SIGHUP"])("%s drains, and stops by itself before ten seconds are over", async (signal) => {
  const { process, clock, heard } = interrupts();

  process.emit(signal, signal);
  await clock.advance("6s");
  expect([heard.drain.aborted, heard.stop.aborted]).toEqual([true, false]);

  await clock.advance("2s");
  expect(heard.stop.aborted).toBe(true);
});

test("a Ctrl-C after the end that one asked for ends with its exit code, and kills nothing", () => {
  const { process, exits, heard } = interrupts();
  process.emit("SIGINT", "SIGINT");
  heard.release();

  process.emit("SIGINT", "SIGINT");

  expect(exits).toEqual([130]);
});

test("released, it hears nothing and leaves no timer behind", () => {
  const { process, clock, heard } = interrupts();

  heard.release();

  expect(clock.pending).toBe(0);
  expect(["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => process.listenerCount(signal))).toEqual([0, 0, 0]);
});
