// Judges the trial of power cuts: plays its server and looks at each device that a cut has left.
// trial/cuts.c has the protocol.
import { Err, faultsOfSet, ScriptedPeer } from "./firmware.ts";
import { NEW, type Release } from "./world-content.ts";

const SLOT_NONE = 255;
/** What a trial must come to: the components in force, and what the server has heard. */
export interface Expectation {
  set: readonly Release[];
  codes: readonly number[];
}

export class CutsPeer extends ScriptedPeer {
  /** Cuts that were led to an end. */
  cuts = 0;
  /** Lives behind them, the cut one not counted. */
  lives = 0;
  readonly faults: string[] = [];
  private operation = 0;
  private deployed: Release[] = [];

  constructor(private readonly expected: Expectation = { set: NEW, codes: [1200] }) {
    super();
  }

  trial(kind: string, payload: Buffer): void {
    if (kind === "Z") {
      this.operation = payload.readUInt32LE(0);
      this.reset();
    } else if (kind === "D") this.deployed.push(componentOf(payload));
    else if (kind === "S") this.judgeStart(payload.readInt32LE(0));
    else this.judgeEnd(payload);
  }

  private judgeStart(err: Err): void {
    if (err !== Err.Ok) this.fault(`start answers ${err}`);
    else this.faultAll(faultsOfSet(this.deployed));
    this.deployed = [];
  }

  private judgeEnd(payload: Buffer): void {
    const [err, trap, lives, isQuiet, wasCut, flashFaults] = [0, 4, 8, 12, 16, 20].map((at) =>
      payload.readInt32LE(at),
    ) as [number, number, number, number, number, number];
    if (err !== Err.Ok || trap !== 0) this.fault(`ends with err ${err}, trap ${trap}`);
    if (isQuiet !== 1) this.fault("something is owed still");
    if (flashFaults !== 0) this.fault("a program step wanted a bit set");
    this.faultAll(faultsOfSet(this.deployed, [this.expected.set]));
    const codes = this.server.state.results.map(({ code }) => code);
    const isHeard = codes.length > 0 && codes.every((code) => this.expected.codes.includes(code));
    if (!isHeard) this.fault(`the server has heard ${codes.join(", ") || "nothing"}`);
    this.deployed = [];
    this.cuts += wasCut;
    this.lives += lives;
  }

  private fault(what: string): void {
    this.faults.push(`operation ${this.operation}: ${what}`);
  }

  private faultAll(faults: readonly string[]): void {
    for (const fault of faults) this.fault(fault);
  }
}

/** An item of Look.Deployed and the content of its slot. */
function componentOf(payload: Buffer): Release {
  const itemEnd = 4 + payload.readUInt32LE(0);
  const item = payload.subarray(4, itemEnd);
  const slot = item[2]!;
  const bytes = slot === SLOT_NONE ? [] : payload.subarray(itemEnd);
  const content = new Uint8Array(bytes);
  const [, id, version] = textsOf(item.subarray(48));
  return { id: id!, version: version!, content };
}

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16LE(at);
    texts.push(bytes.toString("utf8", at + 2, end));
    at = end;
  }
  return texts;
}

