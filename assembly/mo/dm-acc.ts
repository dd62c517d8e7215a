// The account of the session: what the client presents, what the server must present, and where the
// server is. A session keeps in RAM what it needs from its start; a change to the nodes counts from
// the next one.
import { Err, Format } from "../abi/codes";
import * as base64 from "../crypto/base64";
import * as md5 from "../crypto/md5";
import * as bytes from "../base/bytes";
import { ANSWERS, SEND, URL } from "../base/buffers";
import { SEGMENT_BYTES_MAX, SERVER_ID_BYTES_MAX, URL_BYTES_MAX } from "../base/limits";
import * as names from "../base/names";
import * as tree from "../tree/node";

const DMACC: usize = memory.data<u8>([0x44, 0x4d, 0x41, 0x63, 0x63]);
const SERVER_ID_NAME: usize = memory.data<u8>([0x53, 0x65, 0x72, 0x76, 0x65, 0x72, 0x49, 0x44]);
const APP_ADDR: usize = memory.data<u8>([0x41, 0x70, 0x70, 0x41, 0x64, 0x64, 0x72]);
const ADDR: usize = APP_ADDR + 3;
const AUTH: usize = memory.data<u8>([0x41, 0x70, 0x70, 0x41, 0x75, 0x74, 0x68]);
const A_AUTH: usize = memory.data<u8>([
  0x41, 0x41, 0x75, 0x74, 0x68, 0x4c, 0x65, 0x76, 0x65, 0x6c, // AAuthLevel
  0x41, 0x41, 0x75, 0x74, 0x68, 0x54, 0x79, 0x70, 0x65, // AAuthType
  0x41, 0x41, 0x75, 0x74, 0x68, 0x4e, 0x61, 0x6d, 0x65, // AAuthName
  0x41, 0x41, 0x75, 0x74, 0x68, 0x53, 0x65, 0x63, 0x72, 0x65, 0x74, // AAuthSecret
  0x41, 0x41, 0x75, 0x74, 0x68, 0x44, 0x61, 0x74, 0x61, // AAuthData
]);

/** Schemes of DM authentication that this client speaks. */
export const enum Scheme {
  None = 0,
  Basic = 1,
  Md5 = 2,
  Mac = 3,
  Other = 4,
}

/** One credential: of the client towards the server, or of the server towards the client. */
export const enum Credential {
  Scheme = 0,
  Node = 4,
  NameBytes = 8,
  NonceBytes = 12,
  /**
   * base64(name ":" secret) for basic, TextBytes long; base64(H(name ":" secret)) for all others.
   */
  TextBytes = 16,
  Name = 20,
  Nonce = 84,
  Text = 116,
  Bytes = 292,
}

const COLON: usize = memory.data<u8>([0x3a]);
const DIGEST: usize = memory.data(16);
const NODE_NAME: usize = memory.data(SEGMENT_BYTES_MAX);

const NAME_MAX: i32 = 64;
const NONCE_MAX: i32 = 32;
const SECRET_MAX: i32 = 64;

export const CLIENT: usize = memory.data(Credential.Bytes, 4);
export const SERVER: usize = memory.data(Credential.Bytes, 4);
export const SERVER_ID: usize = memory.data(SERVER_ID_BYTES_MAX);

export let serverIdBytes = 0;
export let urlBytes = 0;
/** The account that was opened last; it may be gone. */
export let account = -1;

/** The node that all accounts are children of, -1 or Err where there is none. */
function root(): i32 {
  return tree.find(0, DMACC, 5);
}

/** First account, -1 if there is none. */
export function first(): i32 {
  const all = root();
  return all < 0 ? -1 : tree.firstChild(all);
}

/** The account at `index` in the order of creation, -1 past the end. */
export function at(index: i32): i32 {
  let node = first();
  while (node >= 0 && --index >= 0) node = tree.nextSibling(node);
  return node;
}

/** True for the node of an account that is there. */
export function has(node: i32): bool {
  let other = first();
  while (other >= 0 && other != node) other = tree.nextSibling(other);
  return other >= 0;
}

/** True for the node that all accounts are children of. */
export function isRoot(node: i32): bool {
  return node > 0 && node == root();
}

/** True for the node that all accounts are children of, and for all below it. */
export function isInside(node: i32): bool {
  while (node > 0 && !isRoot(node)) node = tree.parentOf(node);
  return node > 0;
}

/** The account whose ServerID this is, -1 if there is none. Writes over the send buffer. */
export function find(id: usize, idBytes: i32): i32 {
  for (let node = first(); node >= 0; node = tree.nextSibling(node)) {
    if (bytes.equal(SEND, serverIdInto(node, SEND), id, idBytes)) return node;
  }
  return -1;
}

function serverIdInto(node: i32, ptr: usize): i32 {
  return valueInto(tree.find(node, SERVER_ID_NAME, 8), ptr, SERVER_ID_BYTES_MAX);
}

/**
 * Writes the ServerID that may go with a node to `ptr`: the node is an account, or a child of one.
 * @returns its bytes, 0 where none goes
 */
export function namedInto(node: i32, ptr: usize): i32 {
  if (has(node)) return serverIdInto(node, ptr);
  const parent = tree.parentOf(node);
  const isId = has(parent) && tree.find(parent, SERVER_ID_NAME, 8) == node;
  return isId ? serverIdInto(parent, ptr) : 0;
}

/** True for the only account: without it nobody could manage the device any more. */
export function isLast(node: i32): bool {
  return first() == node && tree.nextSibling(node) < 0;
}

/** True for the leaves that nobody may Get: secrets and nonces. */
export function isSecret(node: i32): bool {
  const nameBytes = tree.nameInto(node, NODE_NAME);
  if (bytes.equal(NODE_NAME, nameBytes, A_AUTH + 28, 11)) return true;
  if (bytes.equal(NODE_NAME, nameBytes, A_AUTH + 39, 9)) return true;
  return bytes.equal(NODE_NAME, nameBytes, names.KEY, 3);
}

function valueInto(leaf: i32, ptr: usize, capacity: i32): i32 {
  if (leaf < 0) return 0;
  const byteCount = tree.valueBytes(leaf);
  if (byteCount <= 0 || byteCount > capacity) return 0;
  return tree.readValue(leaf, 0, ptr, byteCount) ? 0 : byteCount;
}

/**
 * Reads an account into RAM. Uses the answer buffer, which must be empty.
 *
 * @fails Err.NotFound  it has no ServerID or no address
 */
export function open(node: i32): i32 {
  account = node;
  memory.fill(CLIENT, 0, Credential.Bytes);
  memory.fill(SERVER, 0, Credential.Bytes);
  serverIdBytes = serverIdInto(account, SERVER_ID);
  urlBytes = addressInto(tree.find(account, APP_ADDR, 7));
  if (!serverIdBytes || !urlBytes) return Err.NotFound;
  const all = tree.find(account, AUTH, 7);
  if (all < 0) return Err.Ok;
  for (node = tree.firstChild(all); node >= 0; node = tree.nextSibling(node)) {
    const levelBytes = valueInto(tree.find(node, A_AUTH, 10), ANSWERS, 16);
    // CLCRED or SRVCRED: the first letter tells them apart.
    if (levelBytes == 6 && load<u8>(ANSWERS) == 0x43) openCredential(CLIENT, node);
    if (levelBytes == 7 && load<u8>(ANSWERS) == 0x53) openCredential(SERVER, node);
  }
  return Err.Ok;
}

function addressInto(all: i32): i32 {
  if (all < 0 || tree.firstChild(all) < 0) return 0;
  return valueInto(tree.find(tree.firstChild(all), ADDR, 4), URL, URL_BYTES_MAX);
}

function openCredential(at: usize, node: i32): void {
  const typeBytes = valueInto(tree.find(node, A_AUTH + 10, 9), ANSWERS, 16);
  let scheme = Scheme.Other;
  if (typeBytes == 5 && load<u8>(ANSWERS) == 0x42) scheme = Scheme.Basic;
  if (typeBytes == 6 && load<u8>(ANSWERS) == 0x44) scheme = Scheme.Md5;
  if (typeBytes == 4 && load<u8>(ANSWERS) == 0x48) scheme = Scheme.Mac;
  store<i32>(at, scheme);
  store<i32>(at, node, Credential.Node);
  const nameBytes = valueInto(tree.find(node, A_AUTH + 19, 9), at + Credential.Name, NAME_MAX);
  store<i32>(at, nameBytes, Credential.NameBytes);
  const data = tree.find(node, A_AUTH + 39, 9);
  store<i32>(at, valueInto(data, at + Credential.Nonce, NONCE_MAX), Credential.NonceBytes);
  memory.copy(ANSWERS, at + Credential.Name, nameBytes);
  store<u8>(ANSWERS + nameBytes, 0x3a);
  const secretBytes = secretInto(node, ANSWERS + nameBytes + 1);
  const total = nameBytes + 1 + secretBytes;
  const text = at + Credential.Text;
  if (scheme == Scheme.Basic) {
    store<i32>(at, base64.encode(ANSWERS, total, text), Credential.TextBytes);
  } else hashInto(ANSWERS, total, text);
  memory.fill(ANSWERS, 0, total);
}

function secretInto(node: i32, ptr: usize): i32 {
  return valueInto(tree.find(node, A_AUTH + 28, 11), ptr, SECRET_MAX);
}

/** Writes base64(H(bytes)), 24 characters, to `out`. */
export function hashInto(ptr: usize, byteCount: i32, out: usize): void {
  md5.open();
  md5.update(ptr, byteCount);
  md5.close(DIGEST);
  base64.encode(DIGEST, 16, out);
}

/**
 * Writes H(`text` ":" nonce ":" `body`) to the 16 bytes at `out`, with the nonce of a credential
 * and its text or one like it; without the last part where `body` is 0. Both are 24 characters.
 *
 * @spec DM SEC 1.2 §5.3.2, §5.4; DM NOT 1.2 §6.2.2
 */
export function digestInto(text: usize, credential: usize, body: usize, out: usize): void {
  md5.open();
  md5.update(text, 24);
  md5.update(COLON, 1);
  md5.update(credential + Credential.Nonce, load<i32>(credential, Credential.NonceBytes));
  if (body) {
    md5.update(COLON, 1);
    md5.update(body, 24);
  }
  md5.close(out);
}

/**
 * As the text of the server's credential, with its ServerID in place of its name. @spec DM NOT 1.2
 * §6.2.2
 */
export function serverIdHashInto(out: usize): void {
  memory.copy(ANSWERS, SERVER_ID, serverIdBytes);
  store<u8>(ANSWERS + serverIdBytes, 0x3a);
  const secretBytes = secretInto(load<i32>(SERVER, Credential.Node), ANSWERS + serverIdBytes + 1);
  hashInto(ANSWERS, serverIdBytes + 1 + secretBytes, out);
  memory.fill(ANSWERS, 0, serverIdBytes + 1 + secretBytes);
}

/** Keeps a nonce in RAM, for this session. */
export function setNonce(at: usize, nonce: usize, nonceBytes: i32): void {
  memory.copy(at + Credential.Nonce, nonce, nonceBytes);
  store<i32>(at, nonceBytes, Credential.NonceBytes);
}

/**
 * Appends the nonce of a credential to the journal; counts with the group that the caller ends. One
 * whose node the server has removed meanwhile has no next session.
 */
export function storeNonce(at: usize): i32 {
  const nonce = at + Credential.Nonce;
  const nonceBytes = load<i32>(at, Credential.NonceBytes);
  const node = load<i32>(at, Credential.Node);
  if (!has(account) || !tree.isAlive(node)) return Err.Ok;
  if (tree.parentOf(node) != tree.find(account, AUTH, 7)) return Err.Ok;
  const leaf = tree.find(node, A_AUTH + 39, 9);
  if (leaf >= 0) {
    const err = tree.edit(leaf);
    if (err) return err;
    tree.draftValue(nonce, nonceBytes);
    return tree.store(leaf);
  }
  tree.draft(Format.Bin, false);
  tree.draftName(A_AUTH + 39, 9);
  tree.draftValue(nonce, nonceBytes);
  const made = tree.create(node);
  return made < 0 ? made : Err.Ok;
}
