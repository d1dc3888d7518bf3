/** `1234 pwrite64(21<path>, "data", 24, 32) = 24`, every text of it in hexadecimal; and calls that were cut in two. */
const CALL = /^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)/;
const UNFINISHED = /^(\d+)\s+(.*) <unfinished \.\.\.>$/;
const RESUMED = /^(\d+)\s+<\.\.\. \w+ resumed>(.*)$/;
const DESCRIPTOR = /^\d+<([^>]*)>/;

/**
 * What a trace of strace tells of the files of a journal: `write`, `truncate`, `sync`, `create`, `remove`, `sync-folder`, and
 * `acknowledge` for each line on standard output, in order.
 *
 * @param journal The path of the journal; the files beside it that belong to it begin with the same name.
 */
export function parseTrace(text, journal) {
  const operations = [];
  const known = new Set();
  const isOurs = (path) => path === journal || path === `${journal}-wal` || path === `${journal}-journal`;
  for (const call of callsIn(text)) {
    if (call.result < 0) continue;
    for (const operation of READERS[call.name]?.(call, journal) ?? []) {
      const { kind, path } = operation;
      if (path !== undefined && !isOurs(path)) continue;
      if (kind === "write" && !known.has(path)) operations.push({ kind: "create", path });
      if (kind === "write") known.add(path);
      if (kind === "remove") known.delete(path);
      operations.push(operation);
    }
  }
  return operations;
}

/** What each call does, as operations. */
const READERS = {
  write: ({ args }) => {
    if (!args.startsWith("1<")) return [];
    const ids = textIn(args).split("\n");
    return ids.filter((id) => id !== "").map((id) => ({ kind: "acknowledge", id }));
  },
  pwrite64: ({ args, result }) => {
    const data = unhex(quotedIn(args)).subarray(0, result);
    return [{ kind: "write", path: pathIn(args), offset: lastNumberIn(args), data }];
  },
  ftruncate: ({ args }) => [{ kind: "truncate", path: pathIn(args), length: lastNumberIn(args) }],
  fsync: synced,
  fdatasync: synced,
  unlink: ({ args }) => [{ kind: "remove", path: textIn(args) }],
};

function synced({ args }, journal) {
  const path = pathIn(args);
  return journal.startsWith(`${path}/`) ? [{ kind: "sync-folder" }] : [{ kind: "sync", path }];
}

function* callsIn(text) {
  const begun = new Map();
  for (const line of text.split("\n")) {
    const [, cutBy, head] = UNFINISHED.exec(line) ?? [];
    if (cutBy !== undefined) {
      begun.set(cutBy, head);
      continue;
    }
    const [, resumedBy, tail] = RESUMED.exec(line) ?? [];
    const whole = resumedBy === undefined ? line : `${resumedBy} ${begun.get(resumedBy) ?? ""}${tail}`;
    const [, , name, args, result] = CALL.exec(whole) ?? [];
    if (name !== undefined) yield { name, args, result: Number(result) };
  }
}

function pathIn(args) {
  return unhex(DESCRIPTOR.exec(args)?.[1] ?? "").toString("utf8");
}

function lastNumberIn(args) {
  return Number(/, (\d+)$/.exec(args)?.[1]);
}

function textIn(args) {
  return unhex(quotedIn(args)).toString("utf8");
}

function quotedIn(args) {
  return /"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? "";
}

function unhex(text) {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}
