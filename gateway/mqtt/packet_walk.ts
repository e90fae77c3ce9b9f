/** Bytes of the longest length field, and the sign that another byte follows (MQTT 3.1.1 §2.2.3). */
const LENGTH_BYTES = 4;
const CONTINUES = 0x80;

/** Where the type of a packet stands in its first byte (MQTT 3.1.1 §2.2.1). */
const TYPE_SHIFT = 4;

/** Walks over the packets of one connection. `false`: one is longer than `limit`, malformed in its length, or not let in. */
type PacketWalk = (chunk: Uint8Array) => boolean;

/**
 * Nobody may make the broker gather 256 MB, least of all before a CONNECT: the length stands at the start of a packet. `letIn`
 * is asked of each packet, by its type.
 */
export function createPacketWalk(limit: number, letIn: (type: number) => boolean = () => true): PacketWalk {
  let body = 0; // bytes of the present packet still to come
  let lengthBytes = -1; // of its length field so far; -1 before its first byte
  let length = 0;

  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (body > 0) {
        const step = Math.min(body, chunk.length - at);
        body -= step;
        at += step;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (lengthBytes < 0) {
        lengthBytes = length = 0;
        if (!letIn(byte >> TYPE_SHIFT)) return false;
        continue;
      }
      length += (byte & ~CONTINUES) * 0x80 ** lengthBytes++;
      if (length > limit || (lengthBytes === LENGTH_BYTES && byte >= CONTINUES)) return false;
      if (byte >= CONTINUES) continue;
      body = length;
      lengthBytes = -1;
    }
    return true;
  };
}
