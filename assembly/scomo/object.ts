// The computed nodes of the object. Below a stored Download/<X> and Delivered/<X> stand Status,
// State and Operations; below Deployed everything is computed from the inventory, which is the
// truth. None of them is ever stored, except a Status that is not Idle: that is a stored leaf, and
// hides its computed twin.
//
// A computed node is a handle: COMPUTED | kind << 16 | owner. The owner is the stored node <X>, or
// a component number.
import { ComponentState, Err, Format, Primitive } from "../abi/codes";
import * as bytes from "../base/bytes";
import { SHORT_TEXT } from "../base/buffers";
import { COMPONENTS_MAX, ENTRY_NAME_BYTES_MAX } from "../base/limits";
import * as names from "../base/names";
import * as inventory from "../install/inventory";
import { Flag, Row, Text } from "../install/inventory";
import * as jobs from "../install/jobs";
import * as operation from "../install/operation";
import * as places from "../install/places";
import * as store_ from "../install/store";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";

export const COMPUTED: i32 = 0x40000000;

const enum Kind {
  None,
  DownloadStatus,
  DownloadOperations,
  Download,
  DownloadInstall,
  DownloadInstallInactive,
  DeliveredStatus,
  DeliveredState,
  Data,
  DeliveredOperations,
  Install,
  InstallInactive,
  RemoveDelivered,
  Activate,
  Deactivate,
  RemoveDeployed,
  Id,
  PkgIdRef,
  Name,
  Description,
  Version,
  State,
  Status,
  ComponentOperations,
  Component,
}

/** Names of the kinds from DownloadStatus to ComponentOperations, each behind its length. */
const NAMES: usize = memory.data<u8>([
  6, 0x53, 0x74, 0x61, 0x74, 0x75, 0x73, // Status
  10, 0x4f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x73, // Operations
  8, 0x44, 0x6f, 0x77, 0x6e, 0x6c, 0x6f, 0x61, 0x64, // Download
  15, 0x44, 0x6f, 0x77, 0x6e, 0x6c, 0x6f, 0x61, 0x64, 0x49, 0x6e, 0x73, 0x74, 0x61, 0x6c, 0x6c,
  23, 0x44, 0x6f, 0x77, 0x6e, 0x6c, 0x6f, 0x61, 0x64, 0x49, 0x6e, 0x73, 0x74, 0x61, 0x6c, 0x6c,
  0x49, 0x6e, 0x61, 0x63, 0x74, 0x69, 0x76, 0x65, // DownloadInstallInactive
  6, 0x53, 0x74, 0x61, 0x74, 0x75, 0x73, // Status
  5, 0x53, 0x74, 0x61, 0x74, 0x65, // State
  4, 0x44, 0x61, 0x74, 0x61, // Data
  10, 0x4f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x73, // Operations
  7, 0x49, 0x6e, 0x73, 0x74, 0x61, 0x6c, 0x6c, // Install
  15, 0x49, 0x6e, 0x73, 0x74, 0x61, 0x6c, 0x6c, 0x49, 0x6e, 0x61, 0x63, 0x74, 0x69, 0x76, 0x65,
  6, 0x52, 0x65, 0x6d, 0x6f, 0x76, 0x65, // Remove
  8, 0x41, 0x63, 0x74, 0x69, 0x76, 0x61, 0x74, 0x65, // Activate
  10, 0x44, 0x65, 0x61, 0x63, 0x74, 0x69, 0x76, 0x61, 0x74, 0x65, // Deactivate
  6, 0x52, 0x65, 0x6d, 0x6f, 0x76, 0x65, // Remove
  2, 0x49, 0x44, // ID
  8, 0x50, 0x6b, 0x67, 0x49, 0x44, 0x52, 0x65, 0x66, // PkgIDRef
  4, 0x4e, 0x61, 0x6d, 0x65, // Name
  11, 0x44, 0x65, 0x73, 0x63, 0x72, 0x69, 0x70, 0x74, 0x69, 0x6f, 0x6e, // Description
  7, 0x56, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, // Version
  5, 0x53, 0x74, 0x61, 0x74, 0x65, // State
  6, 0x53, 0x74, 0x61, 0x74, 0x75, 0x73, // Status
  10, 0x4f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x73, // Operations
]);

/** Values of the Status leaves that this object stores or shows. */
export const enum StatusValue {
  Idle = 10,
  DownloadFailed = 20,
  RemoveFailed = 20,
  DownloadComplete = 40,
  InstallFailed = 50,
  InstallFailedWithoutData = 70,
}

let download = -1;
let delivered = -1;
let deployed = -1;

/** Looks up the stored nodes of the object again; call when the tree may have got or lost them. */
export function refresh(): void {
  download = places.download();
  delivered = places.delivered();
  deployed = places.deployed();
}

export function isComputed(node: i32): bool {
  return node >= COMPUTED;
}

function kindOf(handle: i32): i32 {
  return (handle >> 16) & 0xff;
}

/** The stored node or the component number that a computed node belongs to. */
export function ownerOf(handle: i32): i32 {
  return handle & 0xffff;
}

function make(kind: i32, owner: i32): i32 {
  return COMPUTED | (kind << 16) | owner;
}

/** The Primitive that an Exec on this node starts, -1 if it is no executable node. */
export function primitiveOf(handle: i32): i32 {
  const kind = kindOf(handle);
  if (kind >= Kind.Download && kind <= Kind.DownloadInstallInactive) return kind - Kind.Download;
  if (kind >= Kind.Install && kind <= Kind.RemoveDeployed) {
    return kind - Kind.Install + Primitive.Install;
  }
  return -1;
}

/** Copies the name of a Primitive's node to `ptr`. @returns its bytes */
export function primitiveNameInto(primitive: i32, ptr: usize): i32 {
  const first = primitive < Primitive.Install ? Kind.Download : Kind.Install - Primitive.Install;
  return nameInto(make(first + primitive, 0), ptr);
}

/** True for the list of components, which only the client adds to. */
export function isDeployed(node: i32): bool {
  return node >= 0 && node == deployed;
}

/** True for an entry `<X>` below Download or Delivered. */
export function isEntry(node: i32): bool {
  if (node < 0 || isComputed(node)) return false;
  const parent = tree.parentOf(node);
  return parent >= 0 && (parent == download || parent == delivered);
}

/**
 * True for a stored node below this object that no server may write: the Status of an entry, and
 * `Ext/LastError`.
 */
export function isReadOnly(node: i32): bool {
  const parent = tree.parentOf(node);
  if (parent < 0) return false;
  if (parent == places.ext()) return tree.find(parent, names.LAST_ERROR, 9) == node;
  return isEntry(parent) && tree.find(parent, NAMES + 1, 6) == node;
}

/** True for the bytes of a package, which a server writes and nobody reads. */
export function isData(node: i32): bool {
  return isComputed(node) && kindOf(node) == Kind.Data;
}

/**
 * True when the URI, which stands at its first segment below `above` that is not there, names the
 * bytes of a package that is to come.
 */
export function isDataBelow(above: i32): bool {
  if (above == delivered ? !uri.nextSegment() : !isEntry(above)) return false;
  if (above != delivered && tree.parentOf(above) != delivered) return false;
  const isIt = bytes.equal(uri.segment, uri.segmentBytes, nameAt(Kind.Data) + 1, 4);
  return isIt && !uri.nextSegment();
}

/** First kind of the computed children of a node, None if it has none. */
function firstKind(parent: i32): i32 {
  if (!isComputed(parent)) {
    if (!isEntry(parent)) return Kind.None;
    const isDownload = tree.parentOf(parent) == download;
    return isDownload ? Kind.DownloadStatus : Kind.DeliveredStatus;
  }
  switch (kindOf(parent)) {
    case Kind.DownloadOperations:
      return Kind.Download;
    case Kind.DeliveredOperations:
      return Kind.Install;
    case Kind.Component:
      return Kind.Id;
    case Kind.ComponentOperations:
      return Kind.Activate;
    default:
      return Kind.None;
  }
}

function lastKind(first: i32): i32 {
  switch (first) {
    case Kind.DownloadStatus:
      return Kind.DownloadOperations;
    case Kind.Download:
      return Kind.DownloadInstallInactive;
    case Kind.DeliveredStatus:
      return Kind.DeliveredOperations;
    case Kind.Install:
      return Kind.RemoveDelivered;
    case Kind.Activate:
      return Kind.RemoveDeployed;
    default:
      return Kind.ComponentOperations;
  }
}

function isHidden(kind: i32, owner: i32): bool {
  if (kind == Kind.DownloadStatus || kind == Kind.DeliveredStatus) {
    return tree.find(owner, NAMES + 1, 6) >= 0;
  }
  // These leaves are not there before the data is whole.
  if (kind == Kind.DeliveredState || kind == Kind.Data) return !store_.find(owner);
  if (kind < Kind.Id || kind >= Kind.State) return false;
  return kind != Kind.Id && inventory.textInto(rowOf(owner), textOf(kind), SHORT_TEXT) <= 0;
}

/** First computed child of a stored or computed node, -1 if it has none. */
export function firstChild(parent: i32): i32 {
  if (parent == deployed && parent >= 0) return nextComponent(0);
  const kind = firstKind(parent);
  return kind == Kind.None ? -1 : nextKind(kind, lastKind(kind), parent & 0xffff);
}

/** The computed node behind this one below the same parent, -1 at the end. */
export function nextSibling(handle: i32): i32 {
  const kind = kindOf(handle);
  if (kind == Kind.Component) return nextComponent(ownerOf(handle) + 1);
  const parent = parentOf(handle);
  return nextKind(kind + 1, lastKind(firstKind(parent)), ownerOf(handle));
}

function nextKind(kind: i32, last: i32, owner: i32): i32 {
  while (kind <= last && isHidden(kind, owner)) kind++;
  return kind <= last ? make(kind, owner) : -1;
}

function nextComponent(from: i32): i32 {
  for (let i = from; i < COMPONENTS_MAX; i++) if (rowOf(i)) return make(Kind.Component, i);
  return -1;
}

export function parentOf(handle: i32): i32 {
  const kind = kindOf(handle);
  const owner = ownerOf(handle);
  if (kind == Kind.Component) return deployed;
  if (kind >= Kind.Id) return make(Kind.Component, owner);
  if (kind >= Kind.Activate) return make(Kind.ComponentOperations, owner);
  if (kind >= Kind.Install) return make(Kind.DeliveredOperations, owner);
  if (kind >= Kind.Download && kind <= Kind.DownloadInstallInactive) {
    return make(Kind.DownloadOperations, owner);
  }
  return owner;
}

/**
 * Computed child by name; `scratch` has room for a node name. @returns its handle or Err.NotFound
 */
export function child(parent: i32, name: usize, nameBytes: i32, scratch: usize): i32 {
  for (let at = firstChild(parent); at >= 0; at = nextSibling(at)) {
    if (bytes.equal(scratch, nameInto(at, scratch), name, nameBytes)) return at;
  }
  return Err.NotFound;
}

/**
 * True when `name` is that of a computed child, hidden or not: a server's Add of it changes
 * nothing.
 */
export function isOwnName(parent: i32, name: usize, nameBytes: i32): bool {
  return kindNamed(firstKind(parent), name, nameBytes) != Kind.None;
}

/** The kind of that name among `first` and its siblings, None if there is none. */
function kindNamed(first: i32, name: usize, nameBytes: i32): i32 {
  if (first == Kind.None) return Kind.None;
  for (let kind = first; kind <= lastKind(first); kind++) {
    const at = nameAt(kind);
    if (bytes.equal(at + 1, load<u8>(at), name, nameBytes)) return kind;
  }
  return Kind.None;
}

/**
 * The Primitive that a URI names of an entry which is not there yet, -1 if none. The URI stands at
 * the entry, `list` is the node above it.
 */
export function foresee(list: i32): i32 {
  if (list != download && list != delivered) return -1;
  let kind = list == download ? Kind.DownloadStatus : Kind.DeliveredStatus;
  if (uri.nextSegment()) kind = kindNamed(kind, uri.segment, uri.segmentBytes);
  kind = firstKind(make(kind, 0));
  if (!uri.nextSegment()) return -1;
  kind = kindNamed(kind, uri.segment, uri.segmentBytes);
  return uri.nextSegment() ? -1 : primitiveOf(make(kind, 0));
}

function nameAt(kind: i32): usize {
  let at = NAMES;
  for (; kind > Kind.DownloadStatus; kind--) at += load<u8>(at) + 1;
  return at;
}

/** Copies the name of a computed node to `ptr`, which has room for ENTRY_NAME_BYTES_MAX. */
export function nameInto(handle: i32, ptr: usize): i32 {
  if (kindOf(handle) == Kind.Component) return componentNameInto(ownerOf(handle), ptr);
  const at = nameAt(kindOf(handle));
  memory.copy(ptr, at + 1, load<u8>(at));
  return load<u8>(at);
}

export function formatOf(handle: i32): i32 {
  switch (kindOf(handle)) {
    case Kind.DownloadOperations:
    case Kind.DeliveredOperations:
    case Kind.ComponentOperations:
    case Kind.Component:
      return Format.Node;
    case Kind.Data:
      return Format.Bin;
    case Kind.DownloadStatus:
    case Kind.DeliveredStatus:
    case Kind.DeliveredState:
    case Kind.State:
    case Kind.Status:
      return Format.Int;
    default:
      return primitiveOf(handle) >= 0 ? Format.Null : Format.Chr;
  }
}

/**
 * Writes the value of a computed leaf to `ptr`, which has room for DESCRIPTION_BYTES_MAX.
 *
 * @fails Err.NotAllowed  a Primitive or Data: there is nothing to Get
 */
export function valueInto(handle: i32, ptr: usize): i32 {
  const kind = kindOf(handle);
  const owner = ownerOf(handle);
  if (primitiveOf(handle) >= 0 || kind == Kind.Data) return Err.NotAllowed;
  if (kind == Kind.DeliveredState) {
    const at = store_.find(owner);
    return at ? bytes.writeDecimal(store_.stateOf(at), ptr) : Err.NotFound;
  }
  if (kind < Kind.Id) return bytes.writeDecimal(StatusValue.Idle, ptr);
  if (kind == Kind.Status) return bytes.writeDecimal(statusOf(owner), ptr);
  const at = rowOf(owner);
  if (!at) return Err.NotFound;
  if (kind == Kind.State) {
    const isActive = (load<u8>(at, Row.Flags) & Flag.Active) != 0;
    return bytes.writeDecimal(isActive ? ComponentState.Active : ComponentState.Inactive, ptr);
  }
  return inventory.textInto(at, textOf(kind), ptr);
}

function textOf(kind: i32): i32 {
  switch (kind) {
    case Kind.Id:
      return Text.Id;
    case Kind.PkgIdRef:
      return Text.PkgIdRef;
    case Kind.Name:
      return Text.Name;
    case Kind.Description:
      return Text.Description;
    default:
      return Text.Version;
  }
}

/** Status of a component: what became of the last change of its State. @spec SCOMO 1.0 */
export function statusOf(component: i32): i32 {
  const change = jobs.changeOf(jobs.memberOf(operation.id(), 0));
  if (change && inventory.plannedFor(component)) return failedStatus(change) + 10;
  const failed = inventory.failedChange(component);
  return failed ? failedStatus(failed) : <i32>StatusValue.Idle;
}

/** Activate 40, Deactivate 60, Remove 20; while one goes on it is 10 more. */
function failedStatus(change: i32): i32 {
  return ((change % 3) + 1) * 20;
}

/** The row of a component that is deployed, 0 if it is not. */
export function rowOf(component: i32): usize {
  const at = operation.effective(component);
  const isThere = load<u16>(at) == component && !(load<u8>(at, Row.Flags) & Flag.Removed);
  return isThere ? at : 0;
}

/**
 * The node name of a component: its ID with what a URI segment does not take as `_`, cut, and a
 * suffix `~n` where an older component has the same. Stable, since an entry never leaves.
 */
export function componentNameInto(component: i32, ptr: usize): i32 {
  const nameBytes = baseNameInto(component, ptr);
  let same = 0;
  for (let i = 0; i < component; i++) {
    if (load<u16>(operation.effective(i)) != i) continue;
    const otherBytes = baseNameInto(i, SHORT_TEXT);
    if (bytes.equal(SHORT_TEXT, otherBytes, ptr, nameBytes)) same++;
  }
  if (!same) return nameBytes;
  const kept = min(nameBytes, ENTRY_NAME_BYTES_MAX - 3);
  store<u8>(ptr + kept, 0x7e);
  return kept + 1 + bytes.writeDecimal(same, ptr + kept + 1);
}

function baseNameInto(component: i32, ptr: usize): i32 {
  const idBytes = inventory.textInto(operation.effective(component), Text.Id, SHORT_TEXT);
  const nameBytes = min(idBytes, ENTRY_NAME_BYTES_MAX);
  for (let i = 0; i < nameBytes; i++) {
    const char: i32 = load<u8>(SHORT_TEXT + i);
    const isLast = i == nameBytes - 1;
    store<u8>(ptr + i, isNameChar(char) && !(isLast && char == 0x2e) ? char : 0x5f);
  }
  return nameBytes;
}

function isNameChar(char: i32): bool {
  if ((char | 0x20) >= 0x61 && (char | 0x20) <= 0x7a) return true;
  return char >= 0x30 && char <= 0x39 ? true : char == 0x2d || char == 0x2e || char == 0x7e;
}
