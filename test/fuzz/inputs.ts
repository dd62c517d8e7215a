// Inputs of the fuzz targets in C, and how they are read: test/fuzz/native/<target>.c draws them.

const HEADER = { message: 4, package: 6, notification: 3 };
/** Head and wrapper of an envelope of ours, which the target makes itself. */
const WRAPPER_END = 6 + 115;

const withCount = (bytes: Uint8Array) => [Buffer.of(bytes.length, bytes.length >> 8), bytes];

export function sessionInput(state: number, seed: number, answers: readonly Uint8Array[]): Buffer {
  const header = Buffer.of(state, seed, seed >> 8, 0);
  return Buffer.concat([header, ...answers.flatMap(withCount)]);
}

/** @param web  how the server behaves */
export function orderedInput(file: Uint8Array, web: number): Buffer {
  const head = Buffer.from(file).readUInt8(WRAPPER_END + 1);
  const [headBytes, bytes] =
    head === 0x58 ? [2, file[WRAPPER_END + 2]!]
    : [3, (file[WRAPPER_END + 2]! << 8) | file[WRAPPER_END + 3]!];
  const from = WRAPPER_END + 1 + headBytes;
  const [manifest, rest] = [file.subarray(from, from + bytes), file.subarray(from + bytes)];
  const header = Buffer.of(0, 0, 0, 0, web, file[2]! - 0xa0);
  return Buffer.concat([header, ...withCount(manifest), ...withCount(rest)]);
}

export { HEADER };
