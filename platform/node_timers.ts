/**
 * Imported first, for its effect: `setTimeout` and `setInterval` give the timers of Node everywhere. Packages made for Node
 * call `refresh()` and `unref()` on them, as the MQTT broker does with every packet and with a client that reads slowly.
 * Deno up to 2.6 has numbers there; to a package it gives Node's by itself, but in the executable packages and program are
 * one module (docs/decisions/044-one-module-in-the-executable.md).
 */
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";

const timer = globalThis.setTimeout(() => {}, 0);
globalThis.clearTimeout(timer);
if (typeof timer !== "object") Object.assign(globalThis, { clearInterval, clearTimeout, setInterval, setTimeout });
