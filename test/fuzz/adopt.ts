import {
  childOf, decode, type Element, element as e, encode,
} from "../../host/demo/server/wbxml.ts";
import { md5Cred } from "../helpers/provision.ts";
import { at, headerOf, wordOf } from "../helpers/syncml.ts";
import { NONCE } from "./states.ts";

/**
 * A recorded message as one of this session; what is no message stays as it is.
 *
 * @param own  the client's message that it answers
 */
export function adopt(seed: Uint8Array, own: Element, msgId: number): Uint8Array {
  let root: Element;
  try {
    root = decode(seed);
  } catch {
    return seed;
  }
  const header = childOf(root, "SyncHdr");
  if (header === undefined) return seed;
  const keep = (name: string) => childOf(header, name);
  root.children[root.children.indexOf(header)] = e(
    "SyncHdr", keep("VerDTD"), keep("VerProto"),
    e("SessionID", wordOf(headerOf(own), "SessionID")), e("MsgID", msgId),
    e("Target", e("LocURI", at(own, "SyncHdr", "Source", "LocURI"))), keep("Source"),
    keep("RespURI"), keep("Cred") && md5Cred("srv", "p", NONCE), keep("Meta"),
  );
  return encode(root);
}
