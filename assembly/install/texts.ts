// The texts of the components that a Delivery Package brings: ID, Name, Version, Description and
// where they came from. The reader still holds the package's head when they are written.
import { BLOCK } from "../base/buffers";
import * as delivery from "../delivery/delivery";
import * as journal from "../journal/journal";
import * as inventory from "./inventory";
import { Row, Text } from "./inventory";
import * as jobs from "./jobs";
import * as operation from "./operation";

/** Bytes of a TEXT record besides its texts, at most. */
const FRAME_BYTES: i32 = 64;
const LENGTHS: usize = memory.data(2 * Text.Count, 2);

/**
 * Appends the texts of the planned rows from `first` on, all brought by `job`. They count only with
 * the PLAN that follows.
 *
 * @returns false, with some of them written, if the region has no room for them and for the PLAN
 */
export function write(first: i32, job: usize): bool {
  for (let i = first; i < inventory.plannedCount(); i++) {
    const at = inventory.planned(i);
    let total = FRAME_BYTES;
    for (let which = 0; which < Text.Count; which++) {
      const byteCount = produce(at, which, job);
      store<u16>(LENGTHS + which * 2, byteCount);
      total += byteCount;
    }
    if (journal.room() < journal.recordBytes(total) + operation.reservedBytes()) return false;
    inventory.beginText(load<u16>(at), LENGTHS);
    for (let which = 0; which < Text.Count; which++) journal.put(BLOCK, produce(at, which, job));
    inventory.endText(at);
  }
  return true;
}

/** Writes one text of a planned row to BLOCK, whose bytes the reader will ask for again. */
function produce(at: usize, which: i32, job: usize): i32 {
  const entry: i32 = load<u8>(at, Row.Entry);
  switch (which) {
    case Text.Id:
      return delivery.idInto(entry, BLOCK);
    case Text.Name:
      return delivery.nameInto(entry, BLOCK);
    case Text.Version:
      return delivery.versionTextInto(entry, BLOCK);
    case Text.Description:
      return delivery.descriptionInto(entry, BLOCK);
    default:
      return jobs.textInto(job, jobs.Text.Identifier, BLOCK);
  }
}
