// The judged forms of patterns, matched by JavaScript, with the flags of the first argument.
import { createInterface } from "node:readline";

const flags = process.argv[2] ?? "";
const text = (field) => Buffer.from(field, "hex").toString();

for await (const line of createInterface({ input: process.stdin })) {
  const [pattern, ...candidates] = line.split("\t").map(text);
  let compiled;
  try {
    compiled = new RegExp(pattern, flags);
  } catch {
    console.log("refused");
    continue;
  }
  console.log(candidates.map((one) => (/^[!-~]*$/.test(one) && compiled.test(one) ? "1" : "0")).join(""));
}
