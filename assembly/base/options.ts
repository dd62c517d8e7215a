// What a build of the core may do in another way: build.mjs, PROFILES.

/** 1: the host checks ES256 too, and the core has no curve. */
export const HOST_ES256: i32 = 0;
