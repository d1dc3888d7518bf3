// Looks at each package as a user gets it: the packed files, the entry points, and the types behind them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const attw = join(require.resolve("@arethetypeswrong/cli/package.json"), "../dist/index.js");
const publint = join(require.resolve("publint"), "../cli.js");
const tarballs = mkdtempSync(join(tmpdir(), "bide-pack-"));

try {
  for (const name of readdirSync(join(root, "packages"))) check(join(root, "packages", name));
} finally {
  rmSync(tarballs, { recursive: true });
}

function check(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (manifest.private) return;
  run(process.execPath, [publint, "--strict", folder]);
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", tarballs, folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const tarball = join(tarballs, JSON.parse(packed)[0].filename);
  // ES modules only: `require` loads them on every Node that we support.
  if (manifest.exports?.["."]) run(process.execPath, [attw, tarball, "--profile", "esm-only", "--format", "ascii"]);
  console.log(`${manifest.name}: packed files, entry points and types are right`);
}

function run(command, args) {
  try {
    execFileSync(command, args, { encoding: "utf8", stdio: "pipe", env: { ...process.env, NO_COLOR: "1" } });
  } catch (error) {
    console.error(`${error.stdout ?? ""}${error.stderr ?? ""}`);
    process.exit(1);
  }
}
