// Terminal and report speak of numbers in one way.
export { count, money, percent, plural, short, time } from "@bide/batch/report";
