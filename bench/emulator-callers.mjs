// Callers for the emulator's benchmarks: bare sockets, so that they cost less than the server they measure.
import { fork } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";

/** A server in a process of its own: `ask({ options })` starts an emulator, `ask({})` tells what it cost so far. */
export function forkServer() {
  const server = fork(join(import.meta.dirname, "emulator-server.mjs"), { execArgv: ["--expose-gc"] });
  const ask = (message) =>
    new Promise((resolve) => {
      server.once("message", resolve);
      server.send(message);
    });
  return { ask, stop: () => server.kill() };
}

/** The bytes of a chat request; each number makes another prompt. */
export function requestOf(number, stream) {
  const content = `Question ${number}: what follows from this? ${"word ".repeat(60)}`;
  const body = JSON.stringify({ model: "gpt-x", stream, max_tokens: 800, messages: [{ role: "user", content }] });
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer bench\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Asks on one connection, again as soon as it is answered, while `next()` gives numbers; resolves when it gives none. */
export function keepAsking(port, next) {
  return new Promise((resolve, reject) => {
    const ask = (number) => (number === undefined ? socket.end(resolve) : socket.write(requestOf(number, false)));
    const socket = connect(port, "127.0.0.1", () => ask(next()));
    let left = 0;
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      if (left === 0) {
        const head = bytes.indexOf("\r\n\r\n");
        left = Number(/content-length: (\d+)/.exec(bytes.latin1Slice(0, head))?.[1]) + head + 4;
      }
      left -= bytes.length;
      if (left === 0) ask(next());
    });
  });
}

/** A socket that is connected, so that many streams can begin at once. */
export function connected(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Asks for one stream and reads it to its end: how many chunks came, and the milliseconds between packets. */
export function readStream(socket, number) {
  return new Promise((resolve, reject) => {
    socket.write(requestOf(number, true));
    const gaps = [];
    let lastMs = 0;
    let chunks = 0;
    let tail = "";
    socket.on("error", reject);
    socket.on("close", () => resolve({ gaps, chunks, whole: tail.includes("[DONE]") }));
    socket.on("data", (bytes) => {
      const nowMs = performance.now();
      if (lastMs > 0) gaps.push(nowMs - lastMs);
      lastMs = nowMs;
      const text = bytes.latin1Slice();
      chunks += text.split("data: ").length - 1;
      tail = (tail + text).slice(-40);
      if (tail.includes("[DONE]")) socket.end();
    });
  });
}
