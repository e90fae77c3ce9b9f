import { toHex } from "../crypto/bytes.ts";
import type { KeyMaterial } from "./firmware_keys.ts";

/** What a board's sources take in to accept firmware: public key, AES key, and the HMAC key in hex as boards use it. */
export function firmwareHeader(name: string, { publicPem, aes, chunk }: Omit<KeyMaterial, "privatePem">): string {
  const pem = publicPem.trim().split("\n").map((line) => `    "${line}\\n"`).join("\n");
  const bytes = Array.from(aes, (byte) => `0x${toHex(Uint8Array.of(byte))}`);
  const rows = [0, 8, 16, 24].map((start) => `    ${bytes.slice(start, start + 8).join(", ")},`);
  return `// Firmware keys "${name}". Keep them out of version control.
#pragma once

// RSA-2048: images are signed PKCS#1 v1.5 with SHA-256.
static const char SERVER_PUBLIC_KEY[] =
${pem};

// AES-256-CBC of images.
static const unsigned char AES_FIRMWARE_KEY[32] = {
${rows.join("\n")}
};

// HMAC-SHA256 of chunks: the 64 characters are the key.
#define HMAC_FOTA_KEY "${toHex(chunk)}"`;
}
