/** A disk writes sectors whole, and nothing larger. */
const SECTOR = 512;

/** Numbers in [0, 1), the same ones for the same seed. */
function* chances(seed) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/**
 * The states in which a power cut may leave the files, after each operation: with everything that was not synced dropped,
 * with all of it, and twice with a part of it, some of that torn within a write.
 */
export function* replay(operations, seed) {
  const files = new Map();
  const acknowledged = new Set();
  const chance = chances(seed);
  for (const [at, operation] of operations.entries()) {
    apply(operation, files, acknowledged);
    for (const variant of ["dropped", "kept", "torn", "torn"]) {
      yield { at, variant, files: diskOf(files, variant, chance), acknowledged: new Set(acknowledged) };
    }
  }
}

function apply(operation, files, acknowledged) {
  const { kind, path, id } = operation;
  if (kind === "acknowledge") acknowledged.add(id);
  else if (kind === "create")
    files.set(path, {
      durable: Buffer.alloc(0),
      pending: [],
      isThere: true,
      wasThere: files.get(path)?.wasThere ?? false,
    });
  else if (kind === "remove") files.get(path).isThere = false;
  else if (kind === "sync") settle(files.get(path));
  else if (kind === "sync-folder") {
    for (const file of files.values()) file.wasThere = file.isThere;
  } else files.get(path)?.pending.push(operation);
}

function settle(file) {
  if (file === undefined) return;
  for (const operation of file.pending) file.durable = written(file.durable, operation);
  file.pending = [];
}

function written(content, { kind, offset, data, length }) {
  if (kind === "truncate")
    return Buffer.concat([content, Buffer.alloc(Math.max(0, length - content.length))]).subarray(0, length);
  const size = Math.max(content.length, offset + data.length);
  const next = Buffer.alloc(size);
  content.copy(next);
  data.copy(next, offset);
  return next;
}

/** What the disk holds: of what is not synced as much as the variant says. */
function diskOf(files, variant, chance) {
  const disk = new Map();
  for (const [path, file] of files) {
    const isKept = variant === "kept" || (variant === "torn" && chance.next().value < 0.5);
    // An entry of the folder that was not synced may be the old one.
    if (!(file.isThere === file.wasThere || isKept ? file.isThere : file.wasThere)) continue;
    let content = file.durable;
    for (const operation of file.pending) {
      if (variant === "dropped" || (variant === "torn" && chance.next().value < 0.4)) continue;
      content = written(content, variant === "torn" ? torn(operation, chance) : operation);
    }
    disk.set(path, content);
  }
  return disk;
}

function torn(operation, chance) {
  if (operation.kind !== "write" || chance.next().value < 0.5) return operation;
  const sectors = Math.floor(operation.data.length / SECTOR);
  const length =
    sectors === 0
      ? Math.floor(chance.next().value * operation.data.length)
      : Math.floor(chance.next().value * sectors) * SECTOR;
  return { ...operation, data: operation.data.subarray(0, length) };
}
