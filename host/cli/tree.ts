import type { TreeNode } from "../index.ts";
import { Exit } from "./exit.ts";
import { cut, printable, WIDTH } from "./output.ts";
import type { Io } from "./output.ts";
import { readDevice } from "./status.ts";
import type { StatusFlags } from "./status.ts";
import { refuse } from "./values.ts";

/** Shows the management tree from a node on. */
export async function tree(uri: string, flags: StatusFlags, io: Io): Promise<Exit> {
  const nodes = await readDevice(flags, "tree", (client) => client.tree());
  const base = withDot(uri);
  const below = nodes.map((node) => ({ ...node, uri: withDot(node.uri) })).filter((node) => {
    return base === "." || node.uri === base || node.uri.startsWith(`${base}/`);
  });
  const first = below[0];
  if (first === undefined) refuse(`there is no node ${printable(uri)}; scomo tree lists them all`);
  if (flags.json === true) io.print(JSON.stringify(below.map(describe)));
  else for (const node of below) io.print(line(node, node.depth - first.depth));
  return Exit.Done;
}

/** `A/B`, `./A/B` and `./A/B/` name the same node. */
function withDot(uri: string): string {
  const path = uri.replace(/^\.?\/?/, "").replace(/\/$/, "");
  return path === "" ? "." : `./${path}`;
}

function describe({ uri, format, type, acl, value }: TreeNode): object {
  const node = { uri, format, type, value, acl };
  if (!(value instanceof Uint8Array)) return node;
  return { ...node, value: Buffer.from(value).toString("base64"), encoding: "base64" };
}

function line(node: TreeNode, level: number): string {
  const name = node.uri.slice(node.uri.lastIndexOf("/") + 1);
  const parts = [`${"  ".repeat(level)}${printable(name)}`, valueOf(node)];
  if (node.isInterior && node.type !== "" && node.type !== "text/plain") parts.push(node.type);
  if (node.acl !== "") parts.push(`[${node.acl}]`);
  return cut(printable(parts.filter((part) => part !== "").join("  ")), WIDTH);
}

function valueOf({ value, isInterior }: TreeNode): string {
  if (isInterior) return "";
  if (value === null) return "= (secret)";
  if (typeof value === "string") return `= ${value}`;
  return `= ${value.length} bytes ${Buffer.from(value.subarray(0, 8)).toString("hex")}…`;
}
