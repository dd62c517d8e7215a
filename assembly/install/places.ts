// Where the SCOMO object keeps what an installation needs. Looked up when needed: a node may have
// gone meanwhile.
import { Block, Err } from "../abi/codes";
import * as names from "../base/names";
import * as tree from "../tree/node";

/** Root of the SCOMO object, negative if the tree has none. */
export function root(): i32 {
  return tree.find(0, Block.RootName, load<i32>(Block.RootNameBytes));
}

export function download(): i32 {
  return below(root(), names.DOWNLOAD, 8);
}

export function delivered(): i32 {
  return below(below(root(), names.INVENTORY, 9), names.DELIVERED, 9);
}

export function deployed(): i32 {
  return below(below(root(), names.INVENTORY, 9), names.DEPLOYED, 8);
}

export function ext(): i32 {
  return below(root(), names.EXT, 3);
}

export function trust(): i32 {
  return below(ext(), names.TRUST, 5);
}

/** True for the list of keys, and for a key. */
export function isTrust(node: i32): bool {
  const list = trust();
  return node == list || tree.parentOf(node) == list;
}

/** Child of a node by name; a negative parent stays what it is. */
export function below(parent: i32, name: usize, nameBytes: i32): i32 {
  return parent < 0 ? parent : tree.find(parent, name, nameBytes);
}

/**
 * Copies the value of a child leaf to `ptr`. @returns its bytes, or Err; longer than `capacity` is
 * Err.TooLarge
 */
export function valueBelow(
  parent: i32,
  name: usize,
  nameBytes: i32,
  ptr: usize,
  capacity: i32,
): i32 {
  const leaf = below(parent, name, nameBytes);
  if (leaf < 0) return leaf;
  const byteCount = tree.valueBytes(leaf);
  if (byteCount > capacity) return Err.TooLarge;
  return byteCount > 0 && tree.readValue(leaf, 0, ptr, byteCount) ? Err.Damaged : byteCount;
}
