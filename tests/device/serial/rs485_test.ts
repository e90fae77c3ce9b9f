import assert from "node:assert/strict";
import { editRs485, setRs485 } from "../../../device/serial/rs485.ts";
import { Rs485Settings } from "../../../device/serial/settings.ts";

const GET = 0x542e;
const ENOTTY = 25;
const EFAULT = 14;

/** A driver that keeps one struct serial_rs485. */
function driver(structure: Uint8Array, refusal = { get: 0, set: 0 }) {
  return {
    ioctl(_fd: number, request: number, argument: Uint8Array) {
      if (request === GET) {
        argument.set(structure);
        return refusal.get;
      }
      if (refusal.set === 0) structure.set(argument);
      return refusal.set;
    },
  };
}

Deno.test("flags and delays are changed, everything else in the structure stays", () => {
  const structure = new Uint8Array(32).fill(0xa5);
  editRs485(structure, Rs485Settings.parse({ delayBeforeMs: 1, delayAfterMs: 258 }));
  const view = new DataView(structure.buffer);
  assert.equal(view.getUint32(0, true), (0xa5a5a5a5 & ~0x37 | 0x3) >>> 0);
  assert.equal(view.getUint32(4, true), 1);
  assert.equal(view.getUint32(8, true), 258);
  assert.deepEqual([...structure.subarray(12)], Array(20).fill(0xa5));
});

Deno.test("each setting is its own flag (linux/serial.h)", () => {
  const flagsOf = (settings: Partial<Rs485Settings>) => {
    const structure = new Uint8Array(32);
    editRs485(structure, Rs485Settings.parse({ rtsOnSend: false, ...settings }));
    return new DataView(structure.buffer).getUint32(0, true);
  };
  assert.equal(flagsOf({}), 1);
  assert.equal(flagsOf({ rtsOnSend: true }), 1 | 2);
  assert.equal(flagsOf({ rtsAfterSend: true }), 1 | 4);
  assert.equal(flagsOf({ rxDuringTx: true }), 1 | 16);
  assert.equal(flagsOf({ terminate: true }), 1 | 32);
});

Deno.test("a driver that knows RS-485 is told, one that does not switches itself, other errors are errors", () => {
  const structure = new Uint8Array(32);
  assert.equal(setRs485(driver(structure), 3, Rs485Settings.parse({})), "kernel");
  assert.equal(structure[0], 3);
  const settings = Rs485Settings.parse({});
  assert.equal(setRs485(driver(new Uint8Array(32), { get: -ENOTTY, set: 0 }), 3, settings), "adapter");
  assert.equal(setRs485(driver(new Uint8Array(32), { get: 0, set: -ENOTTY }), 3, settings), "adapter");
  assert.equal(setRs485(driver(new Uint8Array(32), { get: 0, set: -EFAULT }), 3, settings), -EFAULT);
});
