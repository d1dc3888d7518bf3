// Milliseconds of one `import` in a process that has imported nothing else: `node load.mjs <url>`.
const startedMs = performance.now();
await import(process.argv[2]);
console.log(JSON.stringify({ ms: performance.now() - startedMs }));
