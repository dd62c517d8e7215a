// What an application may decide before anybody is asked: battery, metered network, quiet hours.
import { Err } from "../../assembly/abi/codes.ts";

/**
 * What a policy is asked about: a session; whether servers may order anything in this run, which
 * they are told by Status 403 if not; a job, before the person is; each connection of a download;
 * and each component, the last time before the change is made. Only a postponed job stays recorded
 * for the next run.
 */
export type PolicyStep =
  | { kind: "connect" }
  | { kind: "order" }
  | { kind: "job"; text: string }
  | { kind: "download"; url: string; firstOffset: number }
  | { kind: "install"; id: string; version: string };
export type PolicyVerdict = "allow" | "postpone" | "refuse";
export type Policy = (step: PolicyStep) => PolicyVerdict | Promise<PolicyVerdict>;

const VERDICTS: Record<PolicyVerdict, Err> = {
  allow: Err.Ok,
  postpone: Err.Later,
  refuse: Err.Refused,
};

/** Without a policy everything is allowed. */
export async function consult(policy: Policy | undefined, step: PolicyStep): Promise<Err> {
  return VERDICTS[(await policy?.(step)) ?? "allow"];
}
