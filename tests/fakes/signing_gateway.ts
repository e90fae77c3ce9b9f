import { importHmacKey } from "../../crypto/hmac.ts";
import { fromBase64, utf8 } from "../../crypto/bytes.ts";
import { decodeBlock } from "../../protocol/block/block.ts";
import type { BoundAnswers } from "../../device/uplink/gateway_client.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import {
  type DeviceKey,
  parseSignedRequest,
  signResponse,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";
import { SampleBlocksUpload } from "../../protocol/messages/sample_blocks.ts";
import type { Sample } from "../../protocol/sample.ts";
import { settled } from "./clock.ts";

/** The key of the test node; no real device has it. */
export const testKey: DeviceKey = {
  deviceId: DeviceId.parse("test-node"),
  number: 1,
  hmac: await importHmacKey(new Uint8Array(32).fill(7)),
};

/** A node that never heard of its gateway yet, and forgets it when it ends. */
export function forgetfulNode(): BoundAnswers {
  let seen = false;
  return { seen: () => seen, saw: () => void (seen = true) };
}

/** How the gateway answers a request; `undefined`: as it should. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Leaves the signature out. */
  readonly unsigned?: boolean;
  /** Changes the body after it was signed. */
  readonly forged?: boolean;
}

/** An old gateway in small: uploads only. Real HTTP, real signatures, blocks stored once, in memory. */
export class SigningGateway implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #signal = new AbortController();
  /** Samples by block, inverter and block number. */
  readonly blocks = new Map<number, { readonly inverter: string; readonly samples: readonly Sample[] }>();
  readonly sequences: number[] = [];
  /** Sizes of the uploads that were stored. */
  readonly batches: number[] = [];
  duplicates = 0;
  answer: (upload: SampleBlocksUpload, request: number) => Answer | undefined | Promise<Answer | undefined> = () =>
    undefined;
  /** Takes profiles; an older gateway has no such path. */
  profile?: (document: unknown) => Answer;
  readonly #now: () => number;
  #requests = 0;

  constructor(port = 0, now = Date.now) {
    this.#now = now;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, signal: this.#signal.signal, onListen: () => {} },
      (request) => this.#handle(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }
  get requests(): number {
    return this.#requests;
  }

  async #handle(request: Request): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const { pathname } = new URL(request.url);
    const takesProfile = pathname === "/profiles" ? this.profile : undefined;
    if (pathname !== "/process" && !takesProfile) return new Response("unknown path", { status: 404 });
    const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
    if (!claim.ok) return new Response(claim.detail, { status: 401 });
    const verified = await verifySignedRequest(claim.value, body, testKey);
    if (!verified.ok) return new Response(verified.detail, { status: 401 });
    this.sequences.push(verified.value.sequence);
    const message = JSON.parse(new TextDecoder().decode(body));
    const answer = takesProfile?.(message.document) ?? await this.#taken(SampleBlocksUpload.parse(message));
    const bytes = utf8(JSON.stringify(answer.body ?? {}));
    const created = Math.floor(this.#now() / 1000);
    const signature = answer.unsigned
      ? {}
      : await signResponse(verified.value, { status: answer.status, body: bytes, created });
    const sent = answer.forged ? utf8(JSON.stringify({ ...Object(answer.body), forged: true })) : bytes;
    return new Response(sent, { status: answer.status, headers: { ...signature, ...answer.headers } });
  }

  async #taken(upload: SampleBlocksUpload): Promise<Answer> {
    return await this.answer(upload, ++this.#requests) ?? { status: 200, body: this.store(upload) };
  }

  /** Stores what is new and says what became of each block. */
  store(upload: SampleBlocksUpload): unknown {
    this.batches.push(upload.blocks.length);
    const fresh = upload.blocks.filter((block) => !this.blocks.has(block.block_id));
    for (const block of fresh) {
      const decoded = decodeBlock(fromBase64(block.payload) ?? new Uint8Array(), {
        columns: block.registers.length,
        count: block.count,
      });
      if (!decoded.ok) throw new Error(decoded.detail);
      this.blocks.set(block.block_id, { inverter: block.inverter, samples: decoded.value });
    }
    this.duplicates += upload.blocks.length - fresh.length;
    const ids = (blocks: typeof fresh) => blocks.map((block) => block.block_id);
    return {
      status: "success",
      device_id: upload.device_id,
      accepted_blocks: ids(fresh),
      duplicate_blocks: ids(upload.blocks.filter((block) => !fresh.includes(block))),
      ...(fresh.length < upload.blocks.length ? { next_block: Math.max(...this.blocks.keys()) + 1 } : {}),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.abort();
    await this.#server.finished;
    await settled(); // an answer to who has gone is still being signed
  }
}
