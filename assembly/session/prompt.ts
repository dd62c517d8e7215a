// Alerts of a server that are for a person. @spec DM PRO 1.2 §10
import { Ask, Block, Err, Wait } from "../abi/codes";
import { Next } from "../base/next";
import * as jobs from "../install/jobs";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import * as commands from "./commands";
import * as groups from "./groups";

let asked = 0; // Code of the Alert that was put to a person last.

/**
 * Puts the Alert that the parser stands at to a person. @returns Wait.Confirm, or Next.Again where
 * it is answered without one
 */
export function ask(): i32 {
  asked = parse.code;
  if (asked != Ask.Display && asked != Ask.ConfirmOrReject) return refuse(Status.NotSupported);
  if (parse.itemCount < 2) return refuse(Status.Incomplete);
  parse.nextItem();
  store<i32>(Block.Arg3, <i32>parse.data);
  store<i32>(Block.Arg4, parse.dataBytes);
  parse.nextItem();
  store<i32>(Block.Arg0, asked);
  store<i32>(Block.Arg1, <i32>parse.data);
  store<i32>(Block.Arg2, parse.dataBytes);
  return Wait.Confirm;
}

function refuse(code: i32): i32 {
  groups.answerAlert(code);
  return Next.Again;
}

/** What the person said, or why nobody said anything. */
export function takeAnswer(err: i32): void {
  const isQuestion = asked == Ask.ConfirmOrReject;
  if (isQuestion && !err) commands.setJobFlags(jobs.Flag.Allowed);
  if (isQuestion && err) commands.setJobFlags(0);
  groups.answerAlert(statusOfAnswer(err, isQuestion));
}

function statusOfAnswer(err: i32, isQuestion: bool): i32 {
  switch (err) {
    case Err.Ok:
      return Status.Ok;
    case Err.Refused:
      return isQuestion ? Status.NotModified : Status.Ok;
    case Err.Cancelled:
      return isQuestion ? Status.Cancelled : Status.Ok;
    case Err.TimedOut:
      return Status.TimedOut;
    default:
      return Status.NotSupported;
  }
}
