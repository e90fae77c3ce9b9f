/** Which folders the code of a folder may import, besides itself. */
export const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": ["cli"],
  cli: ["deno.json", "device", "gateway", "ota", "protocol", "crypto", "platform"],
  device: ["protocol", "crypto", "platform"],
  gateway: ["protocol", "crypto", "platform"],
  ota: ["protocol", "crypto", "platform"],
  protocol: ["crypto"],
  platform: ["crypto"],
  crypto: [],
};
