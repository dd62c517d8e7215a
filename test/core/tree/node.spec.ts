import { Err, Format } from "../../../assembly/abi/codes";
import * as journal from "../../../assembly/journal/journal";
import { Type } from "../../../assembly/journal/journal";
import * as node from "../../../assembly/tree/node";

const TEXT: usize = memory.data(512);

function put(text: string): i32 {
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, TEXT);
  return String.UTF8.byteLength(text);
}

function create(parent: i32, name: string, format: i32): i32 {
  node.draft(format, false);
  node.draftName(TEXT, put(name));
  return node.create(parent);
}

function find(parent: i32, name: string): i32 {
  return node.find(parent, TEXT, put(name));
}

function open(): void {
  journal.beginOpening();
  journal.synced();
  journal.beginCheckpoint(0);
  node.writeAll();
  journal.endCheckpoint();
  journal.synced();
  journal.adopt();
}

/** Replays the tree as the next boot would. */
function replay(): void {
  node.reset();
  journal.scan();
  for (let type = journal.next(); type > 0; type = journal.next()) {
    if (type == Type.Node) node.applyRecord(journal.place());
    if (type == Type.Delete) node.applyDelete(journal.place());
  }
}

describe("node", () => {
  beforeEach(() => {
    journal.configure(65536, 4);
    journal.scan();
    node.reset();
    open();
  });

  it("create, remove: what was closed is there after a replay", () => {
    const a = create(0, "A", Format.Node);
    create(a, "x", Format.Chr);
    journal.groupEnd();
    node.undoClear();
    node.remove(find(a, "x"));
    create(a, "y", Format.Chr);
    journal.groupEnd();
    node.undoClear();
    replay();
    expect(node.count()).toBe(3);
    expect(find(find(0, "A"), "x")).toBe(Err.NotFound);
    expect(find(find(0, "A"), "y")).toBeGreaterThan(0);
  });

  it("undoTo: leaves the tree as it was at the mark", () => {
    create(0, "A", Format.Node);
    const mark = node.undoMark();
    node.remove(find(0, "A"));
    create(0, "B", Format.Node);
    node.undoTo(mark);
    expect(node.count()).toBe(2);
    expect(find(0, "A")).toBe(1);
    expect(find(0, "B")).toBe(Err.NotFound);
  });
});
