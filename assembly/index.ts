// Every export of the core. docs/abi.md says how a host uses them.
import { look as lookAt } from "./session/look";
import * as turn from "./session/turn";

// @ts-expect-error: constants of the compiler, which TypeScript cannot find in this file
export { __data_end, __heap_base };

/**
 * Reads the configuration from the Block and replays the journal. Writes nothing; recovery is in
 * the first `step`.
 *
 * @returns Err.Ok, or Err.NotFound where there is no device yet (`bootstrap` may follow)
 * @fails Err.Misuse   the configuration is out of its bounds
 * @fails Err.Storage  no region could be read
 * @fails Err.Damaged  what the journal holds contradicts itself
 */
export function start(): i32 {
  return turn.start();
}

/** Runs until the host is needed. @returns a `Wait`, which Block.Reason holds too */
export function step(): i32 {
  return turn.step();
}

/** Tells the outcome of what the last `step` asked for: Err.Ok or the failure that Wait names. */
export function resume(err: i32): void {
  turn.resume(err);
}

/** Delivers bytes of an answer that the host put into the buffer which the last `step` named. */
export function feed(byteCount: i32): i32 {
  return turn.feed(byteCount);
}

/** Takes a notification from the receive buffer. @returns its ui-mode, 0 to 3, or Err */
export function notify(byteCount: i32): i32 {
  return turn.notify(byteCount);
}

/**
 * Asks for a session that the device begins.
 *
 * @param account  0 for the first account, 1 for the one behind it
 * @fails Err.NotFound  there are not so many
 */
export function connect(account: i32): i32 {
  return turn.connect(account);
}

/**
 * Takes the message that provisions the device from the receive buffer; `step` until Done carries
 * it out.
 */
export function bootstrap(byteCount: i32): i32 {
  return turn.provision(byteCount);
}

/**
 * Takes a client event, Alert 1224, from the receive buffer: Format, Type and Data one behind the
 * other. It lives in memory only, goes out in Package #1 of each session until a server answers it,
 * and replaces the one before.
 */
export function event(formatBytes: i32, typeBytes: i32, dataBytes: i32): i32 {
  return turn.queueEvent(formatBytes, typeBytes, dataBytes);
}

/** Reads one item of the device's state into Block.Look. @returns how many bytes, 0 past the end */
export function look(what: i32, index: i32, offset: i32): i32 {
  return lookAt(what, index, offset);
}
