// Follows both regions of the journal and says what has changed in them.
import { SLOT_AREA, type Storage } from "../../../storage/storage.ts";
import { RegionReader, type RecordRow } from "./records.ts";

/** What the page is told of the journal. */
export type JournalEvent =
  /** What lies on the medium: at a start, and where the power went. */
  | { type: "journal"; what: "medium"; regions: RecordRow[][] }
  | { type: "journal"; what: "erased"; region: number }
  /** Written, and lost if the power goes now. */
  | { type: "journal"; what: "held"; rows: RecordRow[] }
  /** All that was held is durable. */
  | { type: "journal"; what: "durable" };

export class JournalWatch {
  private readers: RegionReader[] = [];

  constructor(private readonly tell: (event: JournalEvent) => void) {}

  /** Reads both regions from the beginning. */
  reread(storage: Storage): void {
    this.readers = [0, 1].map((region) => new RegionReader(region, storage.regionBytes));
    const regions = this.readers.map((reader, region) => {
      const bytes = new Uint8Array(storage.regionBytes);
      storage.read(region, 0, bytes);
      reader.write(0, bytes);
      return reader.next();
    });
    this.tell({ type: "journal", what: "medium", regions });
  }

  wrote(area: number, offset: number, bytes: Uint8Array): void {
    if (area < SLOT_AREA) this.readers[area]?.write(offset, bytes);
  }

  erased(area: number): void {
    if (area >= SLOT_AREA) return;
    this.tellHeld();
    this.readers[area]?.erase();
    this.tell({ type: "journal", what: "erased", region: area });
  }

  tellHeld(): void {
    const rows = this.readers.flatMap((reader) => reader.next());
    if (rows.length > 0) this.tell({ type: "journal", what: "held", rows });
  }

  synced(): void {
    this.tell({ type: "journal", what: "durable" });
  }
}
