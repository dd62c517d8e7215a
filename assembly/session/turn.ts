// Which machine has its turn: recovery first, then a session that is wanted, then jobs in their
// order and a session for each server that is owed a report, until nothing is left. Session and
// installer never run together.
//
// Every boot that writes opens a journal region first and writes into no other
// (docs/journal-format.md), so nothing outside ever rests on a record that only an earlier boot
// wrote.
import { Block, Bound, Err, Wait } from "../abi/codes";
import { GATHER_BYTES, RECEIVE } from "../base/buffers";
import { RECEIVE_BYTES } from "../base/limits";
import { Next } from "../base/next";
import * as describe from "../install/describe";
import * as inventory from "../install/inventory";
import { Type } from "../install/inventory";
import * as jobs from "../install/jobs";
import * as operation from "../install/operation";
import * as outbox from "../install/outbox";
import * as progress from "../install/progress";
import * as run from "../install/run";
import * as stage from "../install/stage";
import * as store_ from "../install/store";
import * as journal from "../journal/journal";
import * as dmAcc from "../mo/dm-acc";
import * as object from "../scomo/object";
import * as results from "../scomo/results";
import * as tree from "../tree/node";
import { COMPONENTS_MAX } from "../base/limits";
import * as alerts from "./alerts";
import * as auth from "./auth";
import * as bootstrap from "./bootstrap";
import * as event from "./event";
import * as notification from "./notification";
import * as session from "./session";

const enum Mode {
  /**
   * `start` has not succeeded, or storage failed: only another `start` of a fresh instance helps.
   */
  Dead,
  Boot,
  Dirty,
  Idle,
  Session,
  SessionEnd,
  Run,
  RunEnd,
  Bootstrap,
  Ended,
}

const enum Opening {
  No,
  Erased,
  Written,
}

/** Record types of the tree and the journal that `start` hands on. */
const NODE: i32 = 0x20;
const DELETE: i32 = 0x21;
/** Room that a region must have before a job starts; less is made good by opening the other one. */
const JOB_ROOM: i32 = 6144;
/** What a checkpoint of the tree must leave free in a region. */
const TREE_RESERVE: i32 = 6144;
/** Flag of a checkpoint: after rot, the outside has not yet been made what the region says. */
const DOUBTFUL: i32 = 1;
const SCRATCH: usize = memory.data(8, 4);

let mode = Mode.Dead;
let opening = Opening.No;
let waiting = -1; // What the last `step` answered.
let answer = 0; // What the host answered to it.
let held = -1; // What to answer when the barrier that proves the region has passed.
let hasDevice = false;
let failure = 0; // Err of this run.
let isDriven = false; // The host wants more than recovery.
let isWanted = false; // A session is.
let wantedAccount = -1; // With the server of this account.
let isNotified = false;
let wasOpened = false; // A region was opened for the job that is about to start.
let dirty = 0;
let isDoubtful: bool = false; // Every component is to be ensured, not only the dirty ones.
let hasRefused = false; // One of them said no.

// Start.

/** Reads the journal; writes nothing. */
export function start(): i32 {
  mode = Mode.Dead;
  giveBuffer(Err.Ok);
  const region = load<u32>(Block.RegionBytes);
  if (!isConfigured()) return Err.Misuse;
  inventory.reset();
  store_.reset();
  jobs.reset();
  outbox.reset();
  operation.reset();
  tree.reset();
  journal.configure(region, load<u32>(Block.WriteUnit));
  let err = journal.scan();
  if (!err) err = replay();
  object.refresh();
  hasDevice = !err && dmAcc.first() >= 0;
  if (err && err != Err.NotFound) return err;
  // What is left of a journal that was whole once says nothing of a device: it is lost, not new.
  if (!hasDevice && journal.isDegraded()) return Err.Damaged;
  mode = Mode.Boot;
  opening = Opening.No;
  waiting = held = -1;
  return hasDevice ? Err.Ok : Err.NotFound;
}

function isConfigured(): bool {
  const slots = load<i32>(Block.SlotCount);
  const unit = load<i32>(Block.WriteUnit);
  const nameBytes = load<i32>(Block.RootNameBytes);
  if (load<u32>(Block.RegionBytes) < <u32>Bound.RegionBytesMin) return false;
  if (slots < 2 || slots > Bound.SlotsMax || nameBytes < 1) return false;
  if (nameBytes > Bound.RootNameBytesMax) return false;
  if (unit < 1 || unit > Bound.WriteUnitMax || (unit & (unit - 1)) != 0) return false;
  if (load<u32>(Block.ProgressBytes) % GATHER_BYTES != 0) return false;
  return load<u32>(Block.VendorCount) <= 4 && load<u32>(Block.ClassCount) <= 4;
}

function replay(): i32 {
  let type = journal.next();
  while (type > 0) {
    if (apply(type, journal.place())) return Err.Damaged;
    type = journal.next();
  }
  return type;
}

function apply(type: i32, place: u32): i32 {
  switch (type) {
    case Type.Inv:
      return inventory.applyEntry(place);
    case Type.Txn:
    case Type.Plan:
      return operation.applyPlan(place);
    case Type.Out:
      return outbox.apply(place);
    case Type.Text:
      return inventory.applyText(place);
    case Type.Package:
      return store_.apply(place);
    case Type.Job:
      return jobs.apply(place);
    case Type.Commit:
    case Type.Rollback:
    case Type.Outcome:
      return operation.applyStep(type, place, SCRATCH);
    case Type.Progress:
      progress.apply(place);
      return Err.Ok;
    case Type.Ack:
      return outbox.applyAck(place, SCRATCH);
    case NODE:
      return tree.applyRecord(place);
    case DELETE: {
      const err = tree.applyDelete(place);
      store_.purge();
      return err;
    }
    default:
      return Err.Damaged;
  }
}

// What the host wants.

/** A session with the server of the account at `index`. @returns Err.NotFound if there is none */
export function connect(index: i32): i32 {
  wantedAccount = dmAcc.at(index);
  if (wantedAccount < 0) return Err.NotFound;
  drive();
  isNotified = false;
  return Err.Ok;
}

function drive(): void {
  isDriven = true;
  isWanted = true;
  for (let i = 0; i < jobs.total(); i++) jobs.resume(jobs.row(i));
  for (let i = 0; i < outbox.total(); i++) outbox.withhold(outbox.row(i), false);
}

/** Takes a notification; what it asks for comes with the next steps. */
export function notify(byteCount: i32): i32 {
  if (!isAtRest() || !hasDevice) return Err.Misuse;
  if (byteCount < 0 || byteCount > RECEIVE_BYTES) return Err.TooLarge;
  const mode = notification.take(byteCount);
  if (mode < 0) return mode;
  drive();
  wantedAccount = notification.account;
  isNotified = true;
  return mode;
}

/** Takes the message that provisions a device which has no account yet. */
export function provision(byteCount: i32): i32 {
  if (!isAtRest()) return Err.Misuse;
  if (hasDevice) return Err.Exists;
  if (byteCount < 0 || byteCount > RECEIVE_BYTES) return Err.TooLarge;
  const err = bootstrap.take(byteCount);
  if (err) return err;
  mode = Mode.Bootstrap;
  return Err.Ok;
}

/** Takes an event of the application, which the next session brings to its server. */
export function queueEvent(formatBytes: i32, typeBytes: i32, dataBytes: i32): i32 {
  return isAtRest() ? event.queue(formatBytes, typeBytes, dataBytes) : Err.Misuse;
}

function isAtRest(): bool {
  return mode == Mode.Boot || mode == Mode.Ended;
}

// Steps.

/** Runs until the host is needed. */
export function step(): i32 {
  if (mode == Mode.Ended) mode = Mode.Idle;
  const err = answer;
  answer = Err.Ok;
  if (waiting == Wait.Durable && !err) journal.synced();
  if (waiting == Wait.Durable && err && !mustSettle()) journal.fail(Err.Storage);
  const wasHeld = held >= 0;
  let next = wasHeld ? held : advance(err);
  held = -1;
  while (next == Next.Again && !journal.error()) next = advance(Err.Ok);
  // What could not be recorded must not be told: neither to a server nor to a component.
  if (journal.error() && (next != Wait.Done || wasHeld)) next = lose();
  if (journal.isUnproven() && !journal.error() && next != Wait.Durable) {
    held = next;
    next = Wait.Durable;
  }
  waiting = next;
  store<i32>(Block.Reason, next);
  return next;
}

/** The outcome of what the last `step` asked for. */
export function resume(err: i32): void {
  answer = err;
}

export function feed(byteCount: i32): i32 {
  if (waiting == Wait.Exchange || waiting == Wait.Confirm) return session.feed(byteCount);
  if (waiting == Wait.Fetch) return run.feed(byteCount);
  return Err.Misuse;
}

function advance(err: i32): i32 {
  if (opening != Opening.No) return stepOpening(err);
  switch (mode) {
    case Mode.Boot:
      return boot();
    case Mode.Dirty:
      return ensureDirty(err);
    case Mode.Idle:
      return choose();
    case Mode.Session:
      return stepSession(err);
    case Mode.SessionEnd:
    case Mode.RunEnd:
      return endPart();
    case Mode.Run:
      return stepRun(err);
    case Mode.Bootstrap:
      return stepBootstrap();
    default:
      return done(Err.Misuse);
  }
}

function giveBuffer(err: i32): void {
  store<i32>(Block.Arg0, err);
  store<i32>(Block.Arg1, <i32>RECEIVE);
  store<i32>(Block.Arg2, RECEIVE_BYTES);
}

function done(err: i32): i32 {
  if (mode != Mode.Dead) mode = Mode.Ended;
  isDriven = false;
  isWanted = false;
  giveBuffer(err);
  return Wait.Done;
}

/** Storage cannot be trusted any more in this boot: nothing more is written. */
function die(err: i32): i32 {
  mode = Mode.Dead;
  opening = Opening.No;
  return done(err);
}

/** Content that a barrier has lost may read well: the run records that it is void. */
function mustSettle(): bool {
  return mode == Mode.Run && opening == Opening.No && run.waitsForContent();
}

function lose(): i32 {
  return die(journal.error() == Err.Damaged ? Err.Damaged : Err.Storage);
}

// Opening a region.

function open(): i32 {
  if (journal.beginOpening()) return lose();
  opening = Opening.Erased;
  return Wait.Durable;
}

function stepOpening(err: i32): i32 {
  if (err) return die(Err.Storage);
  if (opening == Opening.Written) {
    opening = Opening.No;
    journal.adopt();
    return Next.Again;
  }
  journal.beginCheckpoint(isDoubtful ? DOUBTFUL : 0);
  tree.writeAll();
  inventory.writeAll(outbox.namedMask());
  operation.writeAll();
  store_.writeAll();
  jobs.writeAll();
  outbox.writeAll();
  journal.endCheckpoint();
  if (journal.error()) return lose();
  opening = Opening.Written;
  return Wait.Durable;
}

/** Keeps the tree so small that a region holds it besides everything an operation needs. */
function setBudget(): void {
  const others = inventory.checkpointBytes() + jobs.checkpointBytes();
  tree.setBudget(load<i32>(Block.RegionBytes) - others - TREE_RESERVE);
}

// Boot.

function boot(): i32 {
  if (!hasDevice) return done(Err.NotFound);
  if (journal.isDegraded() && !allHold()) return die(Err.Damaged);
  isDoubtful = journal.isDegraded() || (journal.flags() & DOUBTFUL) != 0;
  if (!operation.isOpen()) {
    mode = Mode.Dirty;
    dirty = 0;
    hasRefused = false;
    // What was lost must stay lost before anything outside is changed by what is left.
    return journal.isDegraded() ? open() : Next.Again;
  }
  run.recover();
  mode = Mode.Run;
  return open();
}

/** After rot: the inventory is believed only where every slot has the digest that it says. */
function allHold(): bool {
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    const at = operation.effective(i);
    if (load<u16>(at) == i && !stage.holds(at)) return false;
  }
  return true;
}

/**
 * Brings back once more what a rollback could not; nothing is recorded, and a no changes nothing.
 */
function ensureDirty(err: i32): i32 {
  if (err) hasRefused = true;
  const component = describe.nextInForce(dirty, isDoubtful);
  if (component < 0) {
    if (!hasRefused) isDoubtful = false;
    mode = Mode.Idle;
    return Next.Again;
  }
  dirty = component + 1;
  return Wait.Ensure;
}

/** What comes next when no machine runs. */
function choose(): i32 {
  if (isWanted) {
    isWanted = false;
    return startSession(wantedAccount, isNotified);
  }
  if (!isDriven || failure) return finishRun();
  // A rollback that the next boot has to try again: nothing may begin before it is decided.
  if (operation.isOpen()) return done(Err.Later);
  const group = nextGroup();
  if (group && outbox.hasRoom()) return startRun(group);
  const account = owedAccount();
  return account < 0 ? finishRun() : startSession(account, false);
}

function finishRun(): i32 {
  const err = failure;
  failure = Err.Ok;
  return done(err);
}

/** The oldest group that may run: neither ended nor put off. */
function nextGroup(): u32 {
  for (let i = 0; i < jobs.total(); i++) {
    const job = jobs.row(i);
    if (jobs.flagsOf(job) & jobs.Flag.Postponed) continue;
    if (!outbox.hasGroup(jobs.groupOf(job))) return jobs.groupOf(job);
  }
  return 0;
}

/** An account that is still there and is owed an outcome that may be sent in this run. */
function owedAccount(): i32 {
  for (let i = 0; i < outbox.total(); i++) {
    const job = jobs.memberOf(outbox.groupOf(outbox.row(i)), 0);
    if (!job) continue;
    const account = jobs.accountOf(job);
    if (dmAcc.has(account) && alerts.isOwed(outbox.row(i), account)) return account;
  }
  return -1;
}

// Sessions.

let sessionAccount = -1;

function startSession(account: i32, isNotice: bool): i32 {
  sessionAccount = account;
  setBudget();
  const idBytes = isNotice ? notification.sessionIdBytes : 0;
  const err = session.start(account, notification.SESSION_ID, idBytes);
  if (isNotice && notification.isResync) auth.resynchronise();
  if (err) {
    failure = err;
    return Next.Again;
  }
  mode = Mode.Session;
  return journal.isOpen() ? Next.Again : open();
}

function stepSession(err: i32): i32 {
  const next = session.advance(err);
  if (next == Next.Open) return open();
  if (next != Next.End) return next;
  mode = Mode.SessionEnd;
  failure = session.error();
  if (!failure) {
    withholdRest();
    if (!auth.isResync) notification.settle(sessionAccount);
  }
  return journal.isDirty() ? Wait.Durable : Next.Again;
}

/** A report that a whole session did not get rid of waits for the next run. */
function withholdRest(): void {
  for (let i = 0; i < outbox.total(); i++) {
    const outcome = outbox.row(i);
    const job = jobs.memberOf(outbox.groupOf(outcome), 0);
    if (!job || jobs.accountOf(job) != sessionAccount) continue;
    outbox.withhold(outcome, true);
    failure = Err.ServerError;
  }
}

function endPart(): i32 {
  mode = Mode.Idle;
  return Next.Again;
}

// Jobs.

function startRun(group: u32): i32 {
  if (!journal.isOpen() || (journal.room() < JOB_ROOM && !wasOpened)) {
    wasOpened = true;
    return open();
  }
  wasOpened = false;
  setBudget();
  run.start(group);
  mode = Mode.Run;
  return Next.Again;
}

function stepRun(err: i32): i32 {
  const next = run.advance(err);
  if (next == Next.Open) return open();
  if (next != Next.End) return next;
  if (run.wasPostponed()) return endPostponed();
  results.finish();
  alerts.dropOrphans();
  tree.undoClear();
  store_.purge();
  mode = Mode.RunEnd;
  return Wait.Durable;
}

function endPostponed(): i32 {
  if (operation.isOpen()) {
    // The old set could not be brought back: the next boot tries again.
    mode = Mode.Ended;
    failure = Err.Ok;
    return done(Err.Later);
  }
  journal.dropGroup();
  inventory.clearPlanned();
  mode = Mode.Idle;
  return Next.Again;
}

// Provisioning.

function stepBootstrap(): i32 {
  if (!journal.isOpen()) return open();
  if (hasDevice) return done(Err.Ok);
  tree.setBudget(load<i32>(Block.RegionBytes) - TREE_RESERVE);
  const err = bootstrap.run();
  // The region that was written meanwhile is worth nothing: the one that is opened next is the
  // commit.
  journal.dropGroup();
  if (err) return die(err);
  if (dmAcc.first() < 0) return die(Err.Incomplete);
  hasDevice = true;
  return open();
}
