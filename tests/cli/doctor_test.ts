import assert from "node:assert/strict";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { clock } from "../../cli/service/doctor/clock.ts";
import { disk } from "../../cli/service/doctor/disk.ts";
import { examine, report } from "../../cli/service/doctor/doctor.ts";
import type { Finding, NodeState, Patient } from "../../cli/service/doctor/finding.ts";
import { tcpPeer } from "../device/modbus/peer.ts";
import { inverters } from "../../cli/service/doctor/inverters.ts";
import { firmwareKeys } from "../../cli/service/doctor/keys.ts";
import { machine } from "../../cli/service/doctor/machine.ts";
import { mqtt } from "../../cli/service/doctor/mqtt.ts";
import { devices } from "../../cli/service/doctor/own_gateway.ts";
import { nodeState } from "../../cli/service/doctor/patient.ts";
import { serialPorts } from "../../cli/service/doctor/serial_ports.ts";
import { updates } from "../../cli/service/doctor/updates.ts";
import { uplink } from "../../cli/service/doctor/uplink.ts";
import { ConfigFile } from "../../cli/service/config/config_file.ts";
import type { RunProgram } from "../../cli/service/install/system.ts";
import { openGateway } from "../../cli/service/run/roles.ts";
import { openNodeDatabase } from "../../device/store/database.ts";
import { openPty } from "../../device/serial/pty.ts";
import { openSerial } from "../../device/serial/port.ts";
import { generateKeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import "../fakes/loaded_libraries.ts";

const well: RunProgram = () => Promise.resolve({ code: 0, out: "yes", err: "" });

function patient(dataDir: string, more: Partial<Omit<Patient, "file">> & { readonly file?: unknown } = {}): Patient {
  const { file = { gateway: {} }, ...rest } = more;
  return {
    configPath: join(dataDir, "ecowatt.yaml"),
    file: ConfigFile.parse(file),
    configFault: undefined,
    dataDir,
    node: { kind: "stopped" },
    clock: systemClock,
    random: systemRandom,
    fetch,
    run: well,
    log: getLogger(["test"]),
    signal: new AbortController().signal,
    ...rest,
  };
}

const NODE = {
  node: {
    device_id: "roof",
    gateway: "http://127.0.0.1:1",
    key: "07".repeat(32), // a test key
    buses: [{
      tcp: { host: "127.0.0.1", port: 1 },
      timing: { timeout: "100ms", retries: 0 },
      inverters: [{ name: "east" }],
    }],
  },
};

function inWords(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) =>
    `${finding.level}: ${finding.message}${finding.level === "pass" ? "" : ` → ${finding.mend}`}`
  );
}

function only(findings: readonly Finding[]): string {
  assert.equal(findings.length, 1);
  return inWords(findings)[0] ?? "";
}

function running(more: Record<string, unknown> = {}): NodeState {
  const one = { inverter: "east", samples: 5, failuresInRow: 0, quarantined: [], ...more };
  return {
    kind: "running",
    status: {
      device: "roof",
      inverters: [one],
      outbox: { waiting: 0, droppedSamples: 0, ...(more["diskFault"] ? { diskFault: String(more["diskFault"]) } : {}) },
      uplink: { failuresInRow: 0, refusedProfiles: [] },
    },
  };
}

Deno.test("a machine that cannot run the program is told with the way out", async () => {
  const run: RunProgram = () =>
    Promise.resolve({ code: 1, out: "", err: "EcoWatt cannot run here: pages of 16384 bytes\n  kernel=kernel8.img" });
  assert.match(only(await machine(patient("/nowhere", { run }))), /^fail: .*16384 bytes → kernel=kernel8\.img/);
});

Deno.test("the clock is judged by its age, by who keeps it, and by the gateway's", async () => {
  const at = (now: number) => ({ ...systemClock, now: () => now });
  const said = (out: string): RunProgram => () => Promise.resolve({ code: 0, out, err: "" });
  assert.match(only(await clock(patient("/x", { clock: at(0) }))), /^fail: it shows 1970/);
  assert.match(
    only(await clock(patient("/x", { run: said("no") }))),
    /^warn: nothing keeps it right → sudo timedatectl/,
  );
  assert.match(only(await clock(patient("/x", { run: said("yes") }))), /^pass: synchronised/);
  assert.match(only(await clock(patient("/x", { run: () => Promise.reject(new Error("none")) }))), /^pass/);
  const date = new Date(systemClock.now() - 3_600_000).toUTCString();
  const late = () => Promise.resolve(new Response("", { headers: { date } }));
  assert.match(
    only(await clock(patient("/x", { file: NODE, fetch: late }))),
    /^warn: it is 3[56]\d\d s off the gateway's/,
  );
});

Deno.test("a disk is tried by writing, and nothing is left there", async () => {
  await using dir = await temporaryDirectory();
  assert.match(only(await disk(patient(dir.path))), /^(pass: \d+ MiB free in .*a write works|warn: \d+ MiB free)/);
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
  assert.match(only(await disk(patient(join(dir.path, "none")))), /^warn: .*is not there yet → ecowatt init/);
  const full = patient(dir.path, { node: running({ diskFault: "database or disk is full" }) });
  assert.match(only(await disk(full)), /^fail: it refuses the node's samples: database or disk is full/);
});

Deno.test("a serial port is missing, held by a program that is named, or there", async () => {
  const pty = openPty();
  const on = (path: string) =>
    patient("/x", { file: { node: { ...NODE.node, buses: [{ serial: { path }, inverters: [{}] }] } } });
  assert.match(
    only(await serialPorts(on("/dev/ttyNONE"))),
    /^fail: \/dev\/ttyNONE is not there .* → plug the adapter in/,
  );
  const port = openSerial(pty.path, { baud: 9600, parity: "none", stopBits: 1 });
  assert.match(only(await serialPorts(on(pty.path))), /^fail: .*in use by this program → stop that program/);
  port.close();
  pty.stream.close();
});

Deno.test("inverters are judged as the running node tells, with the ladder for those that are silent", async () => {
  const told = async (more: Record<string, unknown>) =>
    only(await inverters(patient("/x", { file: NODE, node: running(more) })));
  assert.match(await told({}), /^pass: east answers, 5 samples/);
  assert.match(
    await told({ failuresInRow: 2, lastFault: "no answer" }),
    /^fail: east gives nothing: no answer → in this order: is the inverter on/,
  );
  assert.match(
    await told({ failuresInRow: 2, health: { state: "asleep", reason: "it is night" } }),
    /^pass: east is asleep: it is night/,
  );
  assert.match(
    await told({ quarantined: [{ register: "Vpv2", code: 2 }] }),
    /^warn: east refuses Vpv2 → leave them out/,
  );
  assert.match(
    await told({ oddities: { quirks: ["ignore_length"] } }),
    /^warn: east answers, but its line breaks the protocol → say so at its bus: ignore_length: true/,
  );
  assert.match(
    await told({ oddities: { quirks: [], lateMs: 1320 } }),
    /^warn: east answers late, after up to 1.3 s → wait longer at its bus: timing: \{ timeout: 2s \}/,
  );
  assert.match(await told({ oddities: { quirks: [] } }), /^pass/);
  assert.match(only(await inverters(patient("/x", { file: NODE }))), /^fail: east: .* → in this order/);
  const silent = patient("/x", { file: NODE, node: { kind: "silent", why: "ask as its user" } });
  assert.match(only(await inverters(silent)), /^warn: it cannot be asked/);
});

Deno.test("an inverter whose line breaks the protocol is read by doctor, with the option that says so", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer({ tid: 0, base: 0 })));
  const bus = {
    tcp: { host: "127.0.0.1", port: peer.port },
    timing: { timeout: "200ms" },
    inverters: [{ name: "east" }],
  };
  const file = { node: { ...NODE.node, buses: [bus] } };
  assert.match(only(await inverters(patient("/x", { file }))), /^warn: east answers, .* ignore_transaction_id: true/);
});

Deno.test("a node that has the database but no socket is left alone, and no number of it is used", async () => {
  await using dir = await temporaryDirectory();
  await Deno.mkdir(join(dir.path, "node"));
  const db = openNodeDatabase(join(dir.path, "node", "node.sqlite"));
  const before = db.prepare("SELECT reserved_sequence FROM state").get();
  const node = await nodeState(join(dir.path, "node"));
  assert.equal(node.kind, "silent");
  assert.match(
    only(await uplink(patient(dir.path, { file: NODE, node }))),
    /^warn: it is not tried: .*another node is running/,
  );
  assert.deepEqual(db.prepare("SELECT reserved_sequence FROM state").get(), before);
  db.close();
  assert.equal((await nodeState(join(dir.path, "node"))).kind, "stopped");
  assert.match(only(await uplink(patient(dir.path, { file: NODE }))), /^fail: http:\/\/127\.0\.0\.1:1 is not reached/);
});

Deno.test("a gateway's devices are named when they are weak, and when there are none", async () => {
  await using dir = await temporaryDirectory();
  assert.deepEqual(await devices(patient(dir.path)), []);
  const config = GatewayConfig.parse({ port: 0 });
  await using gateway = await openGateway(config, dir.path, getLogger(["test"]));
  assert.match(only(await devices(patient(dir.path))), /^warn: none is registered → ecowatt device add NAME/);
  await gateway.management.addDevice({ deviceId: DeviceId.parse("roof"), model: "ecowatt-node", auth: "signed" });
  assert.match(only(await devices(patient(dir.path))), /^pass: 1 registered, all of them sign/);
  await gateway.management.addDevice({ deviceId: DeviceId.parse("shed"), model: "ESP32_EcoWatt", auth: "legacy" });
  assert.match(only(await devices(patient(dir.path))), /^warn: weak, signing uploads only: shed/);
});

Deno.test("a broker is tried with its password, and the embedded one by its port", async () => {
  const port = freePort();
  const broker = patient("/x", { file: { gateway: { mqtt: { broker: { url: `mqtt://127.0.0.1:${port}` } } } } });
  assert.match(only(await mqtt(broker)), /^fail: mqtt:\/\/127\.0\.0\.1:\d+: .*→ check the address, username/);
  await using dir = await temporaryDirectory();
  const config = { port: 0, mqtt: { embedded: { port } } };
  const embedded = patient(dir.path, { file: { gateway: config } });
  assert.match(only(await mqtt(embedded)), /^warn: the embedded broker does not listen/);
  await using _gateway = await openGateway(GatewayConfig.parse(config), dir.path, getLogger(["test"]));
  assert.match(only(await mqtt(embedded)), /^pass: the embedded broker listens/);
  assert.match(only(await mqtt(broker)), /^pass: mqtt:\/\/127\.0\.0\.1:\d+ takes the gateway/);
});

Deno.test("firmware keys that others can read are refused, updates without slots are told", async () => {
  await using dir = await temporaryDirectory();
  const folder = join(dir.path, "gateway", "firmware-keys");
  assert.match(only(await firmwareKeys(patient(dir.path))), /^pass: none yet/);
  await writeKeySet(folder, "default", await generateKeyMaterial(systemRandom));
  assert.match(only(await firmwareKeys(patient(dir.path))), /^pass: "default" can be read/);
  await Deno.chmod(join(folder, "default", "image_aes.key"), 0o644);
  assert.match(only(await firmwareKeys(patient(dir.path))), /^fail: .*others can read it.* → chmod 600/);
  const update = { ...NODE, update: { keys: join(folder, "default") } };
  assert.match(only(await updates(patient(dir.path, { file: update }))), /^warn: there are no slots/);
});

Deno.test("a check that breaks is a finding, the others go on, and the report names what mends each", async () => {
  await using dir = await temporaryDirectory();
  await Deno.writeTextFile(join(dir.path, "ecowatt.yaml"), "gateway: { mqtt: { broker: { password: secret } } }\n");
  const findings = await examine(patient(dir.path, {
    clock: {
      ...systemClock,
      now: () => {
        throw new Error("no clock");
      },
    },
  }));
  const broken = findings.find(({ check }) => check === "clock");
  assert.match(broken?.message ?? "", /the check itself failed: no clock/);
  assert.ok(findings.some(({ check, level }) => check === "disk" && level !== "fail"));
  const text = report(findings);
  for (const { level } of findings) assert.ok(text.includes(level.toUpperCase()));
  assert.equal(text.split("mend: ").length - 1, findings.filter(({ level }) => level !== "pass").length);
});
