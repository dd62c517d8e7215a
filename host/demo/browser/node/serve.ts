// `npm run demo:browser`: serves the page that the build left beside this program.
import { fileURLToPath } from "node:url";
import { servePage } from "./folder.ts";

const DEFAULT_PORT = 8477;

const folder = fileURLToPath(new URL("../demo", import.meta.url));
const { url } = await servePage(folder, Number(process.argv[2] ?? DEFAULT_PORT));
console.log(`The demo is at ${url} until you end this with Ctrl-C.`);
