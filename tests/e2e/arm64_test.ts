import { fileURLToPath } from "node:url";
import { testWith } from "../needs.ts";
import { start } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const [emulator, ...rest] = (Deno.env.get("DENO_ARM64") ?? "").split(" ");
const need = { what: "DENO_ARM64, a command that runs Deno for arm64", met: Boolean(emulator) };
const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

testWith([need], "on arm64 the demo stores a sample that it read over a serial line", async () => {
  await using folder = await temporaryDirectory();
  const ports = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];
  await using demo = start(["demo", "--serial", "pty", ...ports], {
    cwd: folder.path,
    program: [emulator ?? "", ...rest, "run", "-A", "--no-check", main],
  });
  await demo.says(/First sample stored, taken at/);
});
