/** A file as text, as it stands: the bundler and the test runner know the ending. */
declare module "*?text" {
  const text: string;
  export default text;
}

/** A script for browsers as text, with everything that it imports, minified. */
declare module "*?script" {
  const text: string;
  export default text;
}
