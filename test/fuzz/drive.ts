// Plays the world to a device: the server's answers come from the input, a person and the
// components say what the script's numbers say. test/fuzz/native/drive.c does the same.
import { Block, Bound, Err, Media, Wait } from "../../assembly/abi/codes.ts";
import { copyBytes, putBytes, setNumber, textOf } from "../../host/core/memory.ts";
import { writeFetchHead } from "../../host/core/requests.ts";
import type { Rewind } from "../helpers/rewind.ts";
import type { Random } from "./random.ts";

/** Steps of one run: more of them is a loop. */
const STEPS_MAX = 3000;
const CONFIRMED = [Err.Ok, Err.Ok, Err.Refused, Err.Cancelled, Err.TimedOut, Err.Later];

/** How the server of a download behaves, bits. */
export const enum Web {
  /** Answers a range with the whole object. */
  NoRange = 1,
  /** Does not say how long the object is. */
  NoTotal = 2,
  /** Another validator in each answer. */
  Changes = 4,
  /** The connection breaks once in the middle. */
  Breaks = 8,
}

export interface Script {
  /** Answers of the server in their order; after them it cannot be reached. */
  answers: readonly Uint8Array[];
  draw: Random;
  /** What the server has to download. */
  object: Uint8Array;
  /** The same for any other URL than the first. */
  elsewhere: Uint8Array;
  /** Else in one request of two. */
  isAlwaysThere: boolean;
  /** Bits of `Web`. */
  web: number;
  /** The power goes at this barrier, counted from 0; -1: it stays. */
  cutAt: number;
  /** Bytes of a block of a download at most. */
  blockBytes: number;
}

/** A server that cannot be reached. */
export const SILENT: Omit<Script, "draw"> = {
  answers: [], object: new Uint8Array(0), elsewhere: new Uint8Array(0), isAlwaysThere: false,
  web: 0, cutAt: -1, blockBytes: Bound.FetchBytes,
};

/** A download so far. */
interface Download {
  url: string | undefined;
  count: number;
  hasBroken: boolean;
}

export interface End {
  isCut: boolean;
  /** Err of the run where it came to its end. */
  err: Err;
  /** The client's messages that answer the server's. */
  sent: Uint8Array[];
}

/** From the wait that the device stands at to the end of the run, or to the cut. */
export function drive(device: Rewind, wait: Wait, script: Script): End {
  const end: End = { isCut: false, err: Err.Ok, sent: [] };
  const download: Download = { url: undefined, count: 0, hasBroken: false };
  let [barriers, answered] = [0, 0];
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    let err: Err = Err.Ok;
    switch (wait) {
      case Wait.Done:
        end.err = device.argument(0);
        return end;
      case Wait.Exchange:
        if (answered > 0) {
          end.sent.push(copyBytes(device.core, device.argument(2), device.argument(3)));
        }
        err = exchange(device, script.answers[answered++]);
        break;
      case Wait.Fetch:
        err = fetch(device, script, download);
        break;
      case Wait.Durable:
        if (barriers++ === script.cutAt) return { ...end, isCut: true };
        device.barrier();
        break;
      case Wait.Confirm:
        err = CONFIRMED[script.draw(CONFIRMED.length)]!;
        break;
      case Wait.Prepare:
      case Wait.Ensure:
      case Wait.Health:
        err = [Err.Refused, Err.Later][script.draw(8)] ?? Err.Ok;
    }
    device.core.resume(err);
    wait = device.core.step();
  }
  throw new Error(`the core came to no end in ${STEPS_MAX} steps`);
}

/** Answers the client's message. */
export function exchange(device: Rewind, body: Uint8Array | undefined): Err {
  if (body === undefined) return Err.Transport;
  if (body.length > device.argument(5)) return Err.TooLarge;
  setNumber(device.core, Block.HttpStatus, 200);
  setNumber(device.core, Block.MediaType, Media.Message);
  putBytes(device.core, device.argument(4), body);
  const refused = device.core.feed(body.length);
  if (refused) throw new Error(`feed answers ${refused}`);
  return Err.Ok;
}

function objectOf(device: Rewind, script: Script, download: Download): Uint8Array {
  const url = textOf(device.core, Block.Arg0);
  download.url ??= url;
  return url === download.url ? script.object : script.elsewhere;
}

function fetch(device: Rewind, script: Script, download: Download): Err {
  const isAbsent = !script.isAlwaysThere && script.draw(2) === 1;
  const body = objectOf(device, script, download);
  const first = script.web & Web.NoRange ? 0 : device.argument(2);
  const isThere = !isAbsent && first <= body.length;
  download.count++;
  const mark = String.fromCharCode(0x61 + (download.count % 26));
  writeFetchHead(device.core, {
    status: isThere ? (first === 0 ? 200 : 206) : 404, firstOffset: first,
    totalBytes: isThere && !(script.web & Web.NoTotal) ? body.length : -1, media: Media.Delivery,
    validator: script.web & Web.Changes ? `"${mark}"` : '"v"',
  });
  if (!isThere) {
    device.core.feed(0);
    return Err.Ok;
  }
  const blockBytes = Math.min(script.blockBytes, device.argument(6), Bound.FetchBytes);
  for (let at = first; at < body.length; at += blockBytes) {
    const block = body.subarray(at, at + blockBytes);
    putBytes(device.core, device.argument(5), block);
    if (device.core.feed(block.length) !== 0) return Err.Ok;
    if (script.web & Web.Breaks && !download.hasBroken) {
      download.hasBroken = true;
      return Err.Transport;
    }
  }
  return Err.Ok;
}

/** Steps on a device that only wants barriers, up to another wait. */
export function settle(device: Rewind): Wait {
  let wait = device.core.step();
  for (let steps = 0; wait === Wait.Durable; steps++) {
    if (steps === STEPS_MAX) throw new Error("nothing but barriers");
    device.barrier();
    device.core.resume(Err.Ok);
    wait = device.core.step();
  }
  return wait;
}
