import type { Logger } from "@logtape/logtape";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { trustingFetch } from "../../../platform/certificates.ts";
import type { Clock } from "../../../platform/clock.ts";
import { checked } from "../../terminal/arguments.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { isUntrusted, probeWithoutNode } from "../doctor/uplink.ts";
import { reasonOf } from "../doctor/finding.ts";
import { openGateway } from "../run/roles.ts";
import type { Answers } from "./answers.ts";
import type { Trial } from "./inverter_trial.ts";
import { registerHere } from "./key_file.ts";

/** What a trial of a gateway stands on. */
interface GatewayTrialIo {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Starts the gateway of this box for a moment: its port is free and its store works; the node's signature is accepted. */
export async function tryOwnGateway(answers: Answers, io: GatewayTrialIo): Promise<Trial<Answers>> {
  const { dataDir, host, port, role } = answers;
  try {
    await using gateway = await openGateway(checked(GatewayConfig, { host, port }), dataDir, io.log);
    if (role === "gateway") return { ok: true, value: answers, message: `the gateway works on port ${gateway.port}` };
    const keyNumber = await registerHere(gateway, answers.device, dataDir);
    const registered = { ...answers, keyNumber };
    const tried = await tryGateway({ ...registered, gateway: gateway.url }, io);
    return { ...tried, value: registered };
  } catch (error) {
    const way = "choose another --port or --data-dir, or stop what uses it (sudo systemctl stop ecowatt)";
    return { ok: false, value: answers, message: reasonOf(error), way };
  }
}

/** Sends one signed request that changes nothing. */
export async function tryGateway(answers: Answers, io: GatewayTrialIo): Promise<Trial<Answers>> {
  const { gateway, caFile, device, dataDir } = answers;
  const no = (message: string, way: string) => ({ ok: false, value: answers, message, way } as const);
  try {
    using trusting = caFile === undefined ? undefined : await trustingFetch(caFile, io.fetch);
    const probe = await probeWithoutNode(configOf(answers), { dataDir, ...io, fetch: trusting?.fetch ?? io.fetch });
    switch (probe.kind) {
      case "accepted":
        return { ok: true, value: answers, message: `${gateway} takes what ${device} signs` };
      case "refused":
        return no(
          `${gateway} does not take the signature of ${device}`,
          `is ${device} registered there, and this its key? At the gateway: ecowatt device add ${device}`,
        );
      case "unproven":
        return no(`what answers at ${gateway} is no EcoWatt gateway: ${probe.reason}`, "correct the address");
      case "unreachable":
        return no(
          `${gateway} is not reached: ${probe.reason}`,
          isUntrusted(probe.reason) ? UNTRUSTED_WAY : "is it on, and is the address right?",
        );
      default:
        return probe satisfies never;
    }
  } catch (error) {
    return no(reasonOf(error), "ecowatt doctor says more");
  }
}

const UNTRUSTED_WAY = "name the authority that signed its certificate: --ca-file FILE, a PEM file";

function configOf({ device, gateway, caFile, keyNumber }: Answers): NodeConfig {
  return checked(NodeConfig, {
    device_id: device,
    gateway,
    ...(caFile === undefined ? {} : { ca_file: caFile }),
    key_number: keyNumber,
    buses: [{ tcp: { host: "127.0.0.1" }, inverters: [{}] }], // of no concern here
  });
}
