// Finds a Chromium for the tests that need a browser, and installs one where that is ours to do: on Debian, as root.
// As a program it prints the path; `import { chromiumPath } from "../scripts/chromium.mjs"` gives it to a test.
import { pathToFileURL } from "node:url";
import { installDebian, isProgram, onPath } from "./programs.mjs";

const DEBIAN_PATH = "/usr/bin/chromium";
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const HOW_TO_GET_IT =
  "no Chromium found: install one (Debian: `apt-get install -y chromium`; macOS: `brew install --cask chromium`) " +
  "or set CHROMIUM_PATH to the program of a Chromium or Chrome";

/** What a headless Chromium needs in a container without a user, a GPU or a network. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The program's path. Throws, with how to get one, when there is none: a test that skips itself guards nothing. */
export function chromiumPath() {
  const named = process.env["CHROMIUM_PATH"];
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`CHROMIUM_PATH names \`${named}\`, which is no program; ${HOW_TO_GET_IT}`);
  }
  const path = found() ?? installed();
  if (path === undefined) throw new Error(HOW_TO_GET_IT);
  return path;
}

function found() {
  return isProgram(DEBIAN_PATH) ? DEBIAN_PATH : onPath(NAMES);
}

function installed() {
  return installDebian("chromium", HOW_TO_GET_IT) ? found() : undefined;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) console.log(chromiumPath());
