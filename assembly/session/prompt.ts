// Alerts of a server that are for a person. @spec DM PRO 1.2 §10
import { Ask, Block, Err, Wait } from "../abi/codes";
import { SEND } from "../base/buffers";
import { CHOICES_BYTES_MAX, CHOICES_MAX, INPUT_BYTES_MAX } from "../base/limits";
import { Next } from "../base/next";
import * as jobs from "../install/jobs";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import { BYTE_MAX, isText } from "../wbxml/utf8";
import { Answer } from "./answers";
import * as commands from "./commands";
import * as groups from "./groups";

/** What the person puts in, and the choices. What was sent last has been answered: SEND is free. */
const INPUT: usize = SEND;
const CHOICES: usize = SEND + INPUT_BYTES_MAX;

let asked = 0; // Code of the Alert that is put to a person, 0 if none is.
let choices = 0; // How many it offers.
let inputBytes = -1; // Of what was put in, -1 if nothing was or it could not be taken.

/**
 * Puts the Alert that the parser stands at to a person. @returns Wait.Confirm, or Next.Again where
 * it is answered without one
 */
export function ask(): i32 {
  const code = prepare();
  if (!code) return Wait.Confirm;
  asked = 0;
  groups.answerAlert(code);
  return Next.Again;
}

/** @returns 0, or the Status of an Alert that cannot be put to anybody */
function prepare(): i32 {
  asked = parse.code;
  choices = parse.itemCount - 2;
  inputBytes = -1;
  if (asked < Ask.Display || asked > Ask.MultipleChoice) return Status.NotSupported;
  if (asked < Ask.SingleChoice) choices = min(choices, 0);
  else if (!choices) choices = -1;
  if (choices < 0) return Status.Incomplete;
  if (choices > CHOICES_MAX) return Status.TooLargeToShow;
  if (asked >= Ask.TextInput && !groups.hasRoomFor(INPUT_BYTES_MAX)) return Status.Failed;
  store<i32>(Block.Arg0, asked);
  parse.nextItem();
  say(Block.Arg3);
  parse.nextItem();
  say(Block.Arg1);
  store<i32>(Block.Arg5, <i32>CHOICES);
  store<i32>(Block.Arg7, <i32>INPUT);
  return gatherChoices();
}

function say(address: usize): void {
  store<i32>(address, <i32>parse.data);
  store<i32>(address, parse.dataBytes, 4);
}

/** Puts the choices one behind the other, each with its length before it. */
function gatherChoices(): i32 {
  let end = CHOICES;
  for (let i = 0; i < choices; i++) {
    parse.nextItem();
    const past = end + 2 + parse.dataBytes;
    if (past > CHOICES + CHOICES_BYTES_MAX) return Status.TooLargeToShow;
    store<u16>(end, parse.dataBytes);
    memory.copy(end + 2, parse.data, parse.dataBytes);
    end = past;
  }
  store<i32>(Block.Arg6, <i32>(end - CHOICES));
  return 0;
}

/** Takes what a person has put in: a text, or the numbers of choices, a byte each. */
export function feed(byteCount: i32): i32 {
  inputBytes = -1;
  if (asked < Ask.TextInput || <u32>byteCount > <u32>INPUT_BYTES_MAX) return Err.Misuse;
  if (!isInput(byteCount)) return Err.Misuse;
  inputBytes = byteCount;
  return Err.Ok;
}

function isInput(byteCount: i32): bool {
  if (asked == Ask.TextInput) return isText(INPUT, byteCount, BYTE_MAX);
  if (asked == Ask.SingleChoice && byteCount != 1) return false;
  let before = 0;
  for (let i = 0; i < byteCount; i++) {
    const choice: i32 = load<u8>(INPUT + i);
    if (choice <= before || choice > choices) return false;
    before = choice;
  }
  return true;
}

/** What the person said, or why nobody said anything. */
export function takeAnswer(err: i32): void {
  if (asked == Ask.ConfirmOrReject) commands.setJobFlags(err ? 0 : jobs.Flag.Allowed);
  if (!err && inputBytes >= 0) {
    const type = asked == Ask.TextInput ? Answer.StatusText : Answer.StatusNumbers;
    groups.answerInput(type, INPUT, inputBytes);
  } else groups.answerAlert(statusOfAnswer(err));
  asked = 0;
}

function statusOfAnswer(err: i32): i32 {
  const isShown = asked == Ask.Display;
  switch (err) {
    case Err.Ok:
      return asked < Ask.TextInput ? Status.Ok : Status.Failed;
    case Err.Refused:
      if (asked == Ask.ConfirmOrReject) return Status.NotModified;
      return isShown ? Status.Ok : Status.Cancelled;
    case Err.Cancelled:
      return isShown ? Status.Ok : Status.Cancelled;
    case Err.TimedOut:
      return Status.TimedOut;
    case Err.TooLarge:
      return Status.TooLargeToShow;
    default:
      return Status.NotSupported;
  }
}
