// Every import of the core. All are synchronous and answer 0 or an `Err`; a storage call that
// failed leaves what it touched unknown. None is a barrier: durability is the reason Wait.Durable.

/** Reads `byteCount` bytes of journal region 0 or 1 at `offset` into `ptr`. */
export declare function jRead(region: i32, offset: i32, ptr: usize, byteCount: i32): i32;
/**
 * Writes to a journal region. Offset and count are multiples of the write unit; a place is written
 * once between erases.
 */
export declare function jWrite(region: i32, offset: i32, ptr: usize, byteCount: i32): i32;
/** Makes a whole journal region writable again. */
export declare function jErase(region: i32): i32;
/** Reads from a content slot. */
export declare function sRead(slot: i32, offset: i32, ptr: usize, byteCount: i32): i32;
/** Writes to a content slot, upwards from where it was erased. */
export declare function sWrite(slot: i32, offset: i32, ptr: usize, byteCount: i32): i32;
/**
 * Makes a content slot writable again from a place on, and leaves what lies before it: 0, or a
 * multiple of Block.ProgressBytes.
 */
export declare function sErase(slot: i32, from: i32): i32;
/** Fills `byteCount` bytes at `ptr` with unpredictable octets. */
export declare function random(ptr: usize, byteCount: i32): i32;
