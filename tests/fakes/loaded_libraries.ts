import { libc } from "../../device/serial/libc.ts";
import { unixDatagrams } from "../../platform/unix_datagram.ts";

// Libraries stay loaded until the process ends: tests that use one import this, so that it is there before the first of them.
libc();
unixDatagrams();
