// `npm run firmware -- --run TARGET`: a bound update of that board, as it happens.
import type { Target } from "./board.ts";
import { update } from "./update.ts";

const target = (process.argv[2] ?? "posix") as Target;
const { isOk } = await update(target, "firmware", (line) => console.log(`${target}: ${line}`));
process.exitCode = isOk ? 0 : 1;
