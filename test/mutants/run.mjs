// npm run mutants: builds the core with each seeded bug and runs the power-cut proof on it, up to
// the first violation. Exit 1 if a bug survives that is not said to be none.
//
//   npm run mutants                  all of them
//   npm run mutants -- 12 13         only these, by their place in the list
//   npm run mutants -- --list        what there is
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { MUTANTS } from "./list.mjs";

const PROOF_MS_MAX = 300_000;

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const words = process.argv.slice(2);
const chosen = words.map(Number).filter((index) => index in MUTANTS);
if (words.includes("--list")) MUTANTS.forEach(({ name }, index) => console.log(index, name));
else await main(chosen.length > 0 ? chosen : MUTANTS.map((_, index) => index));

async function main(indices) {
  const counts = { killed: 0, equivalent: 0, survived: 0 };
  for (const index of indices) {
    const mutant = MUTANTS[index];
    const startedMs = Date.now();
    const by = await firstViolation(await build(mutant));
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    const verdict = by ? "killed" : mutant.equivalent ? "equivalent" : "survived";
    counts[verdict]++;
    console.log(`${index} ${verdict} in ${seconds} s: ${mutant.name}`);
    console.log(`   ${by ?? mutant.equivalent ?? "no test has found it"}`);
  }
  const { killed, equivalent, survived } = counts;
  console.log(`${killed} killed, ${equivalent} equivalent, ${survived} survived`);
  process.exitCode = survived > 0 ? 1 : 0;
}

/** The first violation that the proof prints, undefined if it comes to its end without one. */
async function firstViolation(core) {
  const args = ["test/powercut/run.mjs", "--core", core, "--quick"];
  const proof = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"], detached: true,
  });
  const stop = () => {
    try {
      process.kill(-proof.pid);
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(stop, PROOF_MS_MAX);
  const closed = new Promise((resolve) => proof.once("close", resolve));
  let problem = "";
  proof.stderr.setEncoding("utf8").on("data", (text) => {
    problem = `${problem}${text}`.slice(0, 400);
  });
  for await (const line of createInterface(proof.stdout)) {
    if (!line.startsWith("  ")) continue;
    clearTimeout(timer);
    stop();
    await closed;
    return line.trim();
  }
  clearTimeout(timer);
  const status = await closed;
  return status === 0 ? undefined : problem.split("\n").find((text) => text.includes("Error"));
}
