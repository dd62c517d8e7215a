// Provisioning: a DM message from the host, with all rights, in one commit, never answered.
import { Err } from "../abi/codes";
import { RECEIVE } from "../base/buffers";
import { Next } from "../base/next";
import * as factory from "../install/factory";
import * as object from "../scomo/object";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import * as answers from "./answers";
import * as commands from "./commands";
import * as groups from "./groups";
import * as route from "./route";

/** Checks the message of `byteCount` bytes in the receive buffer. */
export function take(byteCount: i32): i32 {
  return parse.open(RECEIVE, byteCount);
}

/**
 * Runs the message that `take` has checked. Nothing counts before the caller has opened a region
 * behind it; after a failure the instance holds half a tree and must be given up.
 */
export function run(): i32 {
  answers.reset(true);
  groups.open(0, 0);
  route.allowAll(true);
  commands.defer(true);
  runCommands();
  object.refresh();
  const code = groups.failedCode;
  const err = code ? errFor(code) : factory.adopt();
  commands.defer(false);
  route.allowAll(false);
  answers.reset(false);
  return err;
}

function runCommands(): void {
  for (;;) {
    const before = parse.mark();
    const kind = parse.nextCommand();
    if (kind == Kind.End || groups.failedCode) return;
    if (kind == Kind.Final || kind == Kind.Status) continue;
    // A region that is too short for the worst case is tried all the same.
    if (groups.run(kind, before) == Next.Open) continue;
  }
}

function errFor(code: i32): i32 {
  switch (code) {
    case Status.NotFound:
      return Err.NotFound;
    case Status.Exists:
      return Err.Exists;
    case Status.Full:
      return Err.NoSpace;
    case Status.TooLarge:
      return Err.TooLarge;
    default:
      return Err.Malformed;
  }
}
