import {
  base64,
  BOUND_RESPONSE,
  DIGEST_OF_REQUEST,
  DIGEST_OF_RESPONSE,
  input,
  type Message,
  REQUEST,
  RESPONSE,
  TEST_SHARED_SECRET,
  VECTORS,
  verify,
} from "./rfc9421.ts";
import assert from "node:assert/strict";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import { type RequestParts, signatureBase } from "../../crypto/message_signature.ts";

Deno.test("the signatures of RFC 9421 appendix B are good for the base that we build, and for no other", async (t) => {
  for (const vector of [...VECTORS, BOUND_RESPONSE]) {
    await t.step(vector.name, async () => {
      const base = signatureBase(vector.message, input(vector.input));
      const parameters = vector.input.slice(vector.input.indexOf("("));
      assert.equal(base, [...vector.base, `"@signature-params": ${parameters}`].join("\n"));
      assert.ok(await verify(vector.key, base64(vector.signature), base));
      assert.equal(await verify(vector.key, base64(vector.signature), `${base} `), false);
    });
  }
});

Deno.test("the signature of RFC 9421 appendix B.2.5, hmac-sha256, comes out bit for bit", async () => {
  const field = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const base = signatureBase(REQUEST, input(field));
  assert.ok(base);
  const mac = await hmacSha256(await importHmacKey(base64(TEST_SHARED_SECRET)), base);
  assert.deepEqual(mac, base64("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="));
});

function componentLine(message: Message, component: string): string | undefined {
  const base = signatureBase(message, input(`sig=(${component})`));
  return base?.slice(0, base.lastIndexOf("\n")).slice(component.length + 2);
}

Deno.test("components have the values of the examples in RFC 9421 sections 2.1 and 2.2", async (t) => {
  const at = (url: string): RequestParts => ({ method: "POST", url, fields: new Headers() });
  const path = at("https://www.example.com/path?param=value");
  const query = at("https://www.example.com/path?param=value&foo=bar&baz=batman&qux=");
  const encoded = at(
    "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace" +
      "&fa%C3%A7ade%22%3A%20=something",
  );
  const dictionary: RequestParts = {
    ...path,
    fields: new Headers({ "example-dict": "a=1, b=2;x=1;y=2, c=(a   b    c), d" }),
  };
  const padded: RequestParts = { ...path, fields: { get: () => " \tleading and trailing white space \t" } };
  const cases: readonly [Message, string, string | undefined][] = [
    [padded, '"x-ows-header"', "leading and trailing white space"],
    [path, '"@method"', "POST"],
    [path, '"@target-uri"', "https://www.example.com/path?param=value"],
    [path, '"@authority"', "www.example.com"],
    [at("https://WWW.example.com:443/"), '"@authority"', "www.example.com"],
    [at("http://www.example.com:8080/"), '"@authority"', "www.example.com:8080"],
    [at("http://www.example.com/"), '"@scheme"', "http"],
    [path, '"@request-target"', "/path?param=value"],
    [path, '"@path"', "/path"],
    [at("http://www.example.com"), '"@path"', "/"],
    [at("http://www.example.com?a/b"), '"@path"', "/"],
    [query, '"@query"', "?param=value&foo=bar&baz=batman&qux="],
    [at("http://www.example.com/path?queryString"), '"@query"', "?queryString"],
    [at("http://www.example.com/path"), '"@query"', "?"],
    [query, '"@query-param";name="baz"', "batman"],
    [query, '"@query-param";name="qux"', ""],
    [query, '"@query-param";name="param"', "value"],
    [encoded, '"@query-param";name="var"', "this%20is%20a%20big%0Amultiline%20value"],
    [encoded, '"@query-param";name="bar"', "with%20plus%20whitespace"],
    [encoded, '"@query-param";name="fa%C3%A7ade%22%3A%20"', "something"],
    [RESPONSE, '"@status"', "200"],
    [{ ...RESPONSE, request: REQUEST }, '"@method";req', "POST"],
    [{ ...RESPONSE, request: REQUEST }, '"content-digest";req', DIGEST_OF_REQUEST],
    [{ ...RESPONSE, request: REQUEST }, '"content-digest"', DIGEST_OF_RESPONSE],
    [{ ...RESPONSE, request: query }, '"@query-param";name="baz";req', "batman"],
    [dictionary, '"example-dict"', "a=1, b=2;x=1;y=2, c=(a   b    c), d"],
    [dictionary, '"example-dict";key="a"', "1"],
    [dictionary, '"example-dict";key="b"', "2;x=1;y=2"],
    [dictionary, '"example-dict";key="c"', "(a b c)"],
    [dictionary, '"example-dict";key="d"', "?1"],
    [{ ...RESPONSE, request: dictionary }, '"example-dict";req;key="d"', "?1"],
  ];
  for (const [message, component, value] of cases) {
    await t.step(`${component} ${value}`, () => assert.equal(componentLine(message, component), value));
  }
});

Deno.test("no base is built over what is unknown, absent, ambiguous or not ASCII", async (t) => {
  const twice: RequestParts = { ...REQUEST, url: "https://example.com/?a=1&a=2" };
  const foreign: RequestParts = { ...REQUEST, fields: { get: () => "caf\u00e9" } };
  const torn: RequestParts = { ...REQUEST, fields: { get: () => 'a\n"@method": GET' } };
  const member: RequestParts = { ...REQUEST, fields: new Headers({ signature: "sig1=:AAAA:" }) };
  const LONG = `a=1, b="${"x".repeat(8192)}"`;
  const cases: readonly [string, Message, string][] = [
    ["an unknown derived component", REQUEST, '"@host"'],
    ["@signature-params itself", REQUEST, '"@signature-params"'],
    ["the status of a request", REQUEST, '"@status"'],
    ["the method of a response", RESPONSE, '"@method"'],
    ["the request of a response that has none", RESPONSE, '"@method";req'],
    ["the request of a request", REQUEST, '"@method";req'],
    ["a request, but not", { ...RESPONSE, request: REQUEST }, '"@method";req=?0'],
    ["a field that is not there", REQUEST, '"x-sequence-number"'],
    ["a field name in capitals", REQUEST, '"Date"'],
    ["the same component twice", REQUEST, '"date" "date"'],
    ["a query parameter that comes twice", twice, '"@query-param";name="a"'],
    ["a query parameter that is not there", twice, '"@query-param";name="b"'],
    ["a query parameter without its name", twice, '"@query-param"'],
    ["a name that is a token", twice, '"@query-param";name=a'],
    ["a parameter that we do not build", REQUEST, '"date";sf'],
    ["a component that is a token", REQUEST, "date"],
    ["a member of what is no dictionary", REQUEST, '"date";key="a"'],
    ["a member that is not there", member, '"signature";key="sig2"'],
    ["a member by a token", member, '"signature";key=sig1'],
    ["a member and more", member, '"signature";key="sig1";sf'],
    ["a member of a derived component", REQUEST, '"@method";key="a"'],
    ["a member of a dictionary that is too long", { ...REQUEST, fields: { get: () => LONG } }, '"signature";key="a"'],
    ["a value that is not ASCII", foreign, '"date"'],
    ["a value with a line end", torn, '"date"'],
  ];
  for (const [name, message, components] of cases) {
    await t.step(name, () => assert.equal(signatureBase(message, input(`sig=(${components})`)), undefined));
  }
});
