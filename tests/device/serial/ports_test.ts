import assert from "node:assert/strict";
import { listSerialPorts } from "../../../device/serial/ports.ts";

Deno.test("ports are listed by their stable name, then those without one; other terminals are left out", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  await Deno.mkdir(`${root}/by-id`);
  for (const name of ["ttyUSB0", "ttyAMA0", "ttyS0", "tty1", "null"]) await Deno.writeTextFile(`${root}/${name}`, "");
  const id = "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0";
  await Deno.symlink("../ttyUSB0", `${root}/by-id/${id}`);
  await Deno.symlink("../ttyUSB9", `${root}/by-id/usb-unplugged-if00`);
  assert.deepEqual(listSerialPorts({ byId: `${root}/by-id`, dev: root }), [
    { path: `${root}/by-id/${id}`, device: `${root}/ttyUSB0`, title: "FTDI FT232R USB UART A50285BI" },
    { path: `${root}/ttyAMA0`, device: `${root}/ttyAMA0`, title: "" },
  ]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("a machine without serial ports has an empty list", () => {
  assert.deepEqual(listSerialPorts({ byId: "/nonexistent/by-id", dev: "/nonexistent" }), []);
});
