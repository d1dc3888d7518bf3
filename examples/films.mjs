// Makes a file of requests from real data: the films of vega-datasets that have no genre, to be given one.
// On its own: node examples/films.mjs > films.jsonl
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

const GENRES =
  "Action, Adventure, Black Comedy, Comedy, Concert, Documentary, Drama, Horror, Musical, Thriller, Western";

/** One OpenAI Batch line for each film. */
export function filmRequests() {
  // The package exports its code only; its data stand beside that.
  const code = createRequire(import.meta.url).resolve("vega-datasets");
  const films = JSON.parse(readFileSync(new URL("../data/movies.json", pathToFileURL(code)), "utf8"));
  return films
    .map((film, index) => ({ film, id: `film-${String(index + 1).padStart(4, "0")}` }))
    .filter(({ film }) => film.Title !== null && film["Major Genre"] === null)
    .map(({ film, id }) =>
      JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: bodyFor(film) }),
    );
}

function bodyFor(film) {
  const facts = ["Title", "Release Date", "Director", "Distributor", "Source", "MPAA Rating", "Running Time min"]
    .filter((name) => film[name] !== null)
    .map((name) => `${name}: ${film[name]}`);
  return {
    model: "gpt-4o-mini",
    messages: [
      { role: "system", content: `Name the genre of the film, and nothing else. Genres: ${GENRES}.` },
      { role: "user", content: facts.join("\n") },
    ],
    max_tokens: 16,
    temperature: 0,
  };
}

if (import.meta.url === pathToFileURL(argv[1] ?? "").href) console.log(filmRequests().join("\n"));
