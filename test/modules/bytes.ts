// base/bytes for test/unit/base/bytes.test.ts.
export { equal, equalSecret, hash16, readDecimal, writeDecimal } from "../../assembly/base/bytes";

const SCRATCH: usize = memory.data(1024);

export function scratch(): usize {
  return SCRATCH;
}
