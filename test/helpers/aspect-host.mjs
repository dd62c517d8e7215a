// The imports of assembly/host.ts for as-pect specs: two journal regions and four slots in RAM,
// erased to 0xff, and a counter in place of random octets. Each spec file has its own module and so
// its own host.
const REGION_BYTES = 65536;
const SLOT_BYTES = 65536;
const ERASED = 0xff;

export function hostImports() {
  const regions = areas(2, REGION_BYTES);
  const slots = areas(4, SLOT_BYTES);
  let memory;
  let octet = 0;
  const view = (ptr, byteCount) => new Uint8Array(memory.buffer, ptr, byteCount);

  function areas(count, byteCount) {
    return Array.from({ length: count }, () => new Uint8Array(byteCount).fill(ERASED));
  }

  return {
    /** Names the memory that the imports reach; called once, after instantiation. */
    bind(moduleMemory) {
      memory = moduleMemory;
    },
    imports: {
      jRead: (region, offset, ptr, n) => (
        view(ptr, n).set(regions[region].subarray(offset, offset + n)),
        0
      ),
      jWrite: (region, offset, ptr, n) => (regions[region].set(view(ptr, n), offset), 0),
      jErase: (region) => (regions[region].fill(ERASED), 0),
      sRead: (slot, offset, ptr, n) => (
        view(ptr, n).set(slots[slot].subarray(offset, offset + n)),
        0
      ),
      sWrite: (slot, offset, ptr, n) => (slots[slot].set(view(ptr, n), offset), 0),
      sErase: (slot) => (slots[slot].fill(ERASED), 0),
      random: (ptr, n) => {
        for (let i = 0; i < n; i++) view(ptr, n)[i] = octet++;
        return 0;
      },
    },
  };
}
