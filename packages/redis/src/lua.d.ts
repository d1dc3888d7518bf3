/** A script as text: the bundler, the test runner and the compiler each know the ending. */
declare module "*.lua" {
  const source: string;
  export default source;
}
