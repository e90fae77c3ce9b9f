import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { z } from "zod";
import { recordExamples } from "../../docs/make/api_recorder.ts";
import { STORY } from "../../docs/make/api_story.ts";
import { Example } from "../../gateway/api/document/examples.ts";
import recorded from "../../gateway/api/document/examples.json" with { type: "json" };
import { devicePaths, openFixture } from "../gateway/api/fixture.ts";

const Media = z.looseObject({
  schema: z.unknown(),
  examples: z.record(z.string(), z.object({ summary: z.string(), value: z.unknown() })).optional(),
});
const Content = z.record(z.string(), Media);
const Operation = z.looseObject({
  summary: z.string().min(5),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), schema: z.unknown() })).default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: Content.optional() })),
});
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});
type Operation = z.infer<typeof Operation>;

async function openDocument() {
  await using f = await openFixture();
  const { body } = await f.ask("GET", "/api/v1/openapi.json");
  return { raw: Object(body), document: Document.parse(body) };
}

function operationsOf({ paths }: z.infer<typeof Document>): readonly (readonly [string, Operation])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const)
  );
}

const { raw, document } = await openDocument();
const operations = operationsOf(document);
const examples = z.array(Example).parse(recorded);

Deno.test("the API document is valid OpenAPI 3.1, says a validator of somebody else", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(raw));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, "3.1");
});

Deno.test("every path that devices post to is in the document", async () => {
  await using f = await openFixture();
  const posted = [...devicePaths(f).keys()];
  assert.ok(posted.length >= 10);
  const missing = posted.filter((path) => !operations.some(([name]) => name === `post ${path}`));
  assert.deepEqual(missing, [], "not in gateway/api/document/device_paths.ts");
});

Deno.test("every operation has an example, and every example belongs to one", () => {
  const shown = new Set(examples.map(({ operation }) => operation));
  const missing = operations.map(([name]) => name).filter((name) => !shown.has(name));
  assert.deepEqual(missing, [], "add a step to docs/make/api_story/ and run `deno task docs`");
  const names = new Set(operations.map(([name]) => name));
  assert.deepEqual([...shown].filter((name) => !names.has(name)), []);
  assert.equal(new Set(examples.map(({ name }) => name)).size, examples.length, "a name is used twice");
});

Deno.test("every credential that an operation names is described", () => {
  const schemes = Object.keys(document.components.securitySchemes);
  for (const [name, { security }] of operations) {
    for (const scheme of security.flatMap((one) => Object.keys(one))) {
      assert.ok(schemes.includes(scheme), `${name}: ${scheme}`);
    }
  }
  for (const scheme of ["bearer", "device", "board"]) assert.ok(schemes.includes(scheme), scheme);
});

Deno.test("every example, carried out again against a running gateway, is answered the same", async () => {
  const again = await recordExamples(STORY);
  for (const [index, example] of again.entries()) {
    assert.deepEqual(example, examples[index], "`deno task docs` records the examples anew");
  }
  assert.equal(again.length, examples.length);
});

Deno.test("every example in the document fits the schema that it stands beside, requests and answers", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  ajv.addSchema({ $id: "document", ...raw });
  const absolute = (schema: unknown): unknown =>
    JSON.parse(JSON.stringify(schema ?? {}).replaceAll('"#/components', '"document#/components'));
  let checked = 0;
  const check = (where: string, media: z.infer<typeof Media> | undefined) => {
    for (const [name, { value }] of Object.entries(media?.examples ?? {})) {
      const validate = ajv.compile(Object(absolute(media?.schema)));
      assert.ok(validate(value), `${where} ${name}: ${ajv.errorsText(validate.errors)}`);
      checked++;
    }
  };
  for (const [name, { requestBody, responses }] of operations) {
    for (const [type, media] of Object.entries(requestBody?.content ?? {})) {
      // A request that is refused for its content may well break the schema.
      const refused = new Set(examples.filter(({ answer }) => answer.status === 400).map((example) => example.name));
      const kept = Object.entries(media.examples ?? {}).filter(([example]) => !refused.has(example));
      check(`${name} ${type}`, { ...media, examples: Object.fromEntries(kept) });
    }
    for (const [status, { content }] of Object.entries(responses)) {
      for (const [type, media] of Object.entries(content ?? {})) check(`${name} ${status} ${type}`, media);
    }
  }
  const withBody = examples.filter(({ answer }) => answer.type !== undefined).length;
  assert.ok(checked >= withBody, `${checked} examples in the document, ${withBody} recorded`);
});

Deno.test("every example has parameters and an answer that its operation announces", () => {
  const known = new Map(operations);
  for (const { name, operation, sent, answer } of examples) {
    const parameters = (known.get(operation)?.parameters ?? []).map((parameter) => parameter.name);
    for (const key of [...Object.keys(sent.path), ...Object.keys(sent.query)]) {
      assert.ok(parameters.includes(key), `${name}: ${key}`);
    }
    const response = known.get(operation)?.responses[answer.status];
    assert.ok(response, `${name}: ${operation} does not announce ${answer.status}`);
    if (answer.type !== undefined) {
      assert.ok(response.content?.[answer.type], `${name}: ${answer.status} as ${answer.type}`);
    }
  }
});

Deno.test("the problems that an operation announces are what it answers", async (t) => {
  await using f = await openFixture();
  const ask = async (name: string, url: string, init: RequestInit) => {
    const [method = ""] = name.split(" ");
    const headers = { authorization: `Bearer ${f.tokens.admin}`, ...Object(init.headers) };
    const request = { method: method.toUpperCase(), ...init, headers };
    const response = await f.app.request(url, request, { address: "192.0.2.1" });
    await response.body?.cancel();
    return response.status;
  };
  for (const [name, operation] of operations.filter(([, { security }]) => security.some((one) => "bearer" in one))) {
    const { parameters, requestBody, responses } = operation;
    const path = name.split(" ")[1] ?? "";
    const example = examples.find((one) => one.operation === name);
    const fill = (instead?: string) =>
      path.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(instead ?? example?.sent.path[key] ?? "1"));
    const query = new URLSearchParams(example?.sent.query).toString();
    const url = `${fill()}?${query}`;
    const json = requestBody?.content["application/json"] !== undefined;
    const body = example?.sent.body === undefined ? {} : { body: JSON.stringify(example.sent.body) };
    const typed = (type: string) => ({ headers: { ...example?.sent.headers, "content-type": type } });
    await t.step(name, async () => {
      if (responses[400]) {
        const queries = parameters.filter((one) => one.in === "query").map((one) => `${fill()}?${one.name}=%00`);
        const tries = [
          ...(path.includes("{") ? [await ask(name, fill("!"), { ...body, ...typed("application/json") })] : []),
          ...(requestBody
            ? [
              await ask(name, url, {
                body: "{",
                ...(json ? typed("application/json") : { headers: { "content-type": "application/octet-stream" } }),
              }),
            ]
            : []),
          ...await Promise.all(queries.map((wrong) => ask(name, wrong, {}))),
        ];
        assert.ok(tries.includes(400), `400: ${tries}`);
      }
      if (responses[404] && path.includes("{")) {
        assert.equal(await ask(name, url, { ...body, ...typed("application/json") }), 404);
      }
      if (responses[415] && json) assert.equal(await ask(name, url, { body: "x", ...typed("text/plain") }), 415);
      if (responses[413] && json) { // images: tests/gateway/firmware/upload_test.ts
        const announced = { ...typed("application/json").headers, "content-length": String(2 ** 30) };
        assert.equal(await ask(name, url, { body: "x", headers: announced }), 413);
      }
    });
  }
});
