// Another State for a component that is there, or its end: a plan of one row that keeps its
// content.
import { Err, Primitive } from "../abi/codes";
import { BLOCK, SHORT_TEXT } from "../base/buffers";
import * as journal from "../journal/journal";
import * as inventory from "./inventory";
import { Flag, Row } from "./inventory";
import * as jobs from "./jobs";
import * as operation from "./operation";

/**
 * Plans what a job wants of its component.
 *
 * @returns the planned row, 0 where the component is so already
 * @fails Err.NotFound  the component has left meanwhile
 * @fails Err.NoSpace   the region has no room for its texts and the PLAN
 */
export function plan(job: usize): i32 {
  const idBytes = jobs.textInto(job, jobs.Text.Identifier, BLOCK);
  const number = inventory.findId(BLOCK, idBytes, SHORT_TEXT);
  if (number < 0 || !inventory.isDeployed(number)) return Err.NotFound;
  const at = inventory.addPlanned(number);
  memory.copy(at, inventory.row(number), Row.Bytes);
  const flags = <i32>load<u8>(at, Row.Flags) & Flag.InForce;
  const wanted = wantedFlags(flags & ~Flag.Dirty, jobs.primitiveOf(job));
  // Without what is said there of a change that failed: in a plan these bits are the job's place.
  store<u8>(at, wanted, Row.Flags);
  if (wanted == flags) return 0;
  if (wanted & Flag.Removed) store<u8>(at, inventory.NO_SLOT, Row.Slot);
  store<u8>(at, 1, Row.Staged);
  if (journal.room() < operation.reservedBytes() + inventory.textBytes(at)) return Err.NoSpace;
  inventory.writePlannedTexts();
  return <i32>at;
}

/** One that leaves keeps its Active flag, for those who are told which State it had. */
function wantedFlags(flags: i32, primitive: i32): i32 {
  if (primitive == Primitive.RemoveDeployed) return flags | Flag.Removed;
  return primitive == Primitive.Activate ? flags | Flag.Active : flags & ~Flag.Active;
}
