import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which of our packages a package's sources may import. Arrows run one way; tests are free. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  bide: [],
  "@bide/llm": ["bide"],
  "@bide/redis": ["bide"],
  "@bide/otel": ["bide"],
  "@bide/batch": ["bide", "@bide/llm", "@bide/redis"],
  "@bide/emulator": [],
  "@bide/simulator": ["bide", "@bide/emulator/model"],
  "@bide/cli": ["bide", "@bide/llm", "@bide/redis", "@bide/otel", "@bide/batch", "@bide/emulator", "@bide/simulator"],
};

/** Core's ground floor: imports only itself, and no policy. */
const GROUND_FLOOR = [
  "attempt",
  "budget",
  "cancellation",
  "clock",
  "duration",
  "errors",
  "events",
  "jitter",
  "options",
  "outcome",
  "random",
  "schedule",
  "timer-queue",
  "transient",
];

interface Source {
  readonly path: string;
  readonly imports: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const packages = readdirSync(join(root, "packages")).map((folder) => {
  const path = join(root, "packages", folder);
  return { path, manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest };
});

function sourcesOf(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(name))
    .map((name) => {
      const path = join(folder, name);
      const { importedFiles } = ts.preProcessFile(readFileSync(path, "utf8"), true, true);
      return { path, imports: importedFiles.map((file) => file.fileName) };
    });
}

function isOurs(specifier: string): boolean {
  return specifier === "bide" || specifier.startsWith("bide/") || specifier.startsWith("@bide/");
}

/** The file inside core's `src` that a relative import means, without its ending. */
function coreModule(from: string, specifier: string): string {
  const path = relative(join(root, "packages/core/src"), resolve(dirname(from), specifier));
  return path.replace(/\.js$/, "");
}

describe("package boundaries", () => {
  test.each(packages.map(({ path, manifest }) => [manifest.name, path] as const))(
    "%s imports only the packages below it",
    (name, path) => {
      const allowed = TABLE[name] ?? [];
      const trespasses = sourcesOf(join(path, "src")).flatMap(({ path: file, imports }) =>
        imports
          .filter(isOurs)
          .filter((specifier) => !allowed.some((entry) => specifier === entry || specifier.startsWith(`${entry}/`)))
          .map((specifier) => `${relative(root, file)} imports ${specifier}`),
      );
      expect(trespasses).toEqual([]);
    },
  );

  test.each(packages.map(({ manifest }) => [manifest.name, manifest] as const))(
    "%s declares exactly what the table allows it",
    (name, manifest) => {
      const allowed = (TABLE[name] ?? []).map((entry) =>
        entry
          .split("/")
          .slice(0, entry.startsWith("@") ? 2 : 1)
          .join("/"),
      );
      const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(isOurs);
      expect(declared.filter((dependency) => !allowed.includes(dependency))).toEqual([]);
    },
  );

  test("every package stands in the table", () => {
    expect(packages.map(({ manifest }) => manifest.name).filter((name) => !(name in TABLE))).toEqual([]);
  });

  test("the core has no dependencies and imports nothing from outside", () => {
    const core = packages.find(({ manifest }) => manifest.name === "bide");
    expect(Object.keys(core?.manifest.dependencies ?? {})).toEqual([]);
    const outside = sourcesOf(join(root, "packages/core/src")).flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !specifier.startsWith("."))
        .map((specifier) => `${relative(root, path)}: ${specifier}`),
    );
    expect(outside).toEqual([]);
  });

  test("the emulator's model imports nothing but itself", () => {
    const outside = sourcesOf(join(root, "packages/emulator/src/model")).flatMap(({ path, imports }) =>
      imports
        .filter(
          (specifier) =>
            !specifier.startsWith(".") ||
            relative(join(root, "packages/emulator/src/model"), resolve(dirname(path), specifier)).startsWith(".."),
        )
        .map((specifier) => `${relative(root, path)}: ${specifier}`),
    );
    expect(outside).toEqual([]);
  });

  test("no source file imports a package's barrel", () => {
    const guests = packages.flatMap(({ path }) =>
      sourcesOf(join(path, "src"))
        .filter(({ path: file }) => file !== join(path, "src/index.ts"))
        .flatMap(({ path: file, imports }) =>
          imports
            .filter(
              (specifier) =>
                specifier.startsWith(".") && resolve(dirname(file), specifier) === join(path, "src/index.js"),
            )
            .map(() => relative(root, file)),
        ),
    );
    expect(guests).toEqual([]);
  });
});

describe("inside the core", () => {
  const core = sourcesOf(join(root, "packages/core/src"));

  /** The room of a module: its folder, or the file itself when it stands alone. */
  const roomOf = (module: string): string => module.split("/")[0] ?? module;

  test("the ground floor imports only itself", () => {
    const upward = core
      .filter(({ path }) => GROUND_FLOOR.includes(roomOf(coreModule(path, path).replace(/\.ts$/, ""))))
      .flatMap(({ path, imports }) =>
        imports
          .map((specifier) => coreModule(path, specifier))
          .filter((module) => !GROUND_FLOOR.includes(roomOf(module)))
          .map((module) => `${relative(root, path)} imports ${module}`),
      );
    expect(upward).toEqual([]);
  });

  test("policies do not import one another", () => {
    const policies = [
      "retry",
      "timeout",
      "circuit-breaker",
      "retry-budget",
      "rate-limit",
      "concurrency-limit",
      "hedge",
      "fallback",
    ];
    const crossings = core.flatMap(({ path, imports }) => {
      const room = roomOf(relative(join(root, "packages/core/src"), path).replace(/\.ts$/, ""));
      if (!policies.includes(room)) return [];
      return imports
        .map((specifier) => roomOf(coreModule(path, specifier)))
        .filter((other) => other !== room && policies.includes(other))
        .map((other) => `${relative(root, path)} imports ${other}`);
    });
    expect(crossings).toEqual([]);
  });
});

describe("time and chance", () => {
  const KEEPERS = new Set(["packages/core/src/clock.ts", "packages/core/src/random.ts"]);
  const WILD = /\b(Date\.now|performance\.now|setTimeout|setInterval|Math\.random)\b(?!`)/;

  test("library code takes them from its clock and its random, never from the host", () => {
    const wild = ["core", "llm", "batch"]
      .flatMap((name) => sourcesOf(join(root, "packages", name, "src")))
      .filter(({ path }) => !KEEPERS.has(relative(root, path)))
      .filter(({ path }) => WILD.test(withoutComments(readFileSync(path, "utf8"))))
      .map(({ path }) => relative(root, path));
    expect(wild).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
