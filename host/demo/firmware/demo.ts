// The board of the demo, and what its server wants of it: the case "one package" of scomo demo.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DevicePlan, planDevice } from "../../cli/plan.ts";
import {
  ACCOUNT, BUNDLE, DEVICE_CLASS, DEVICE_ID, releasesOf, SERVER_ID, SERVER_LOGIN, VENDOR,
} from "../setting.ts";

/** Policy of a server that wants both components replaced. */
export const POLICY = {
  serverId: SERVER_ID,
  accounts: { [DEVICE_ID]: ACCOUNT },
  server: SERVER_LOGIN,
  wanted: [{
    bind: "package", package: BUNDLE, components: { jvm: "8.2.0", antivirus: "5.0.0" },
    urgent: true,
  }],
};

/**
 * A device with both components in force and room for two more; 180 KB of flash.
 *
 * @param folder  takes the files that the plan is made of
 */
export function planBoard(folder: string, url: string, publicPem: string): DevicePlan {
  writeFileSync(join(folder, "key.pem"), publicPem);
  const component = releasesOf("old").map(({ id, version, content }) => {
    writeFileSync(join(folder, id), content);
    return `${id}=${version}=${join(folder, id)}`;
  });
  return planDevice({
    state: folder, server: url, deviceId: DEVICE_ID, serverId: SERVER_ID, ...ACCOUNT,
    serverUser: SERVER_LOGIN.user, serverPassword: SERVER_LOGIN.password,
    trust: [`demo=${join(folder, "key.pem")}`], vendor: VENDOR, class: DEVICE_CLASS,
    components: "known", component, slots: "4", slotBytes: "32768", journalBytes: "24576",
    maxMsgSize: "4096", atomicExec: "bind", root: "SCOMO", moUrn: "urn:oma:mo:oma-scomo:1.0",
  }, {});
}
