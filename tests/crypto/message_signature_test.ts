import assert from "node:assert/strict";
import fc from "fast-check";
import { type Bytes, fromBase64, utf8 } from "../../crypto/bytes.ts";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import { pathAndQuery, type RequestParts, type ResponseParts, signatureBase } from "../../crypto/message_signature.ts";
import { type InnerList, parseDictionary } from "../../crypto/structured_field.ts";

type Message = RequestParts | ResponseParts;

function base64(text: string): Bytes {
  const bytes = fromBase64(text);
  assert.ok(bytes);
  return bytes;
}

function input(field: string): InnerList {
  const list = [...parseDictionary(field, 1000)?.values() ?? []][0];
  assert.ok(list?.kind === "list");
  return list;
}

/** The public test keys of RFC 9421 appendix B.1. */
const TEST_KEYS = {
  "test-key-rsa-pss": {
    spki: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs" +
      "8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1F" +
      "pWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4" +
      "aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB",
    import: { name: "RSA-PSS", hash: "SHA-512" },
    verify: { name: "RSA-PSS", saltLength: 64 },
  },
  "test-key-ecc-p256": {
    spki: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50V" +
      "GGdldkkDXZCnTNnoXQ==",
    import: { name: "ECDSA", namedCurve: "P-256" },
    verify: { name: "ECDSA", hash: "SHA-256" },
  },
  "test-key-ed25519": {
    spki: "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=",
    import: { name: "Ed25519" },
    verify: { name: "Ed25519" },
  },
} as const;
const TEST_SHARED_SECRET = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

const DIGEST_OF_REQUEST =
  "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
const DIGEST_OF_RESPONSE =
  "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";

/** test-request of RFC 9421 appendix B.2. */
const REQUEST: RequestParts = {
  method: "POST",
  url: "https://example.com/foo?param=Value&Pet=dog",
  fields: new Headers({
    date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "content-digest": DIGEST_OF_REQUEST,
    "content-length": "18",
  }),
};

/** test-response of RFC 9421 appendix B.2. */
const RESPONSE: ResponseParts = {
  status: 200,
  fields: new Headers({
    date: "Tue, 20 Apr 2021 02:07:56 GMT",
    "content-type": "application/json",
    "content-digest": DIGEST_OF_RESPONSE,
    "content-length": "23",
  }),
};

const CLIENT_CERT =
  ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0" +
  "ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaU" +
  "gmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAW" +
  "gBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1w" +
  "bGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBV" +
  "oU4hBVZ1yhk=:";

interface Vector {
  readonly name: string;
  readonly message: Message;
  readonly input: string;
  /** Lines of the signature base before `@signature-params`. */
  readonly base: readonly string[];
  readonly key: keyof typeof TEST_KEYS;
  readonly signature: string;
}

/** RFC 9421 appendix B.2, B.3 and B.4, whose signatures are verified over the base we build. */
const VECTORS: readonly Vector[] = [
  {
    name: "B.2.1 minimal, rsa-pss-sha512",
    message: REQUEST,
    input: 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    base: [],
    key: "test-key-rsa-pss",
    signature:
      "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckz" +
      "XaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O" +
      "6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhd" +
      "xO5Nyt8C8ssinQ98Xw9Q==",
  },
  {
    name: "B.2.2 selective, rsa-pss-sha512",
    message: REQUEST,
    input: 'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;' +
      'keyid="test-key-rsa-pss";tag="header-example"',
    base: [
      '"@authority": example.com',
      `"content-digest": ${DIGEST_OF_REQUEST}`,
      '"@query-param";name="Pet": dog',
    ],
    key: "test-key-rsa-pss",
    signature:
      "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSow" +
      "OB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh6" +
      "2s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0" +
      "rQl3/XaVe4bXTugEjHSw==",
  },
  {
    name: "B.2.3 full, rsa-pss-sha512",
    message: REQUEST,
    input: 'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" ' +
      '"content-length");created=1618884473;keyid="test-key-rsa-pss"',
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${DIGEST_OF_REQUEST}`,
      '"content-length": 18',
    ],
    key: "test-key-rsa-pss",
    signature:
      "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768Z" +
      "rCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o" +
      "/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2" +
      "FUo5fTIztsDZKEgM4cUA==",
  },
  {
    name: "B.2.4 response, ecdsa-p256-sha256",
    message: RESPONSE,
    input: 'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;' +
      'keyid="test-key-ecc-p256"',
    base: [
      '"@status": 200',
      '"content-type": application/json',
      `"content-digest": ${DIGEST_OF_RESPONSE}`,
      '"content-length": 23',
    ],
    key: "test-key-ecc-p256",
    signature: "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
  },
  {
    name: "B.2.6 ed25519",
    message: REQUEST,
    input: 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;' +
      'keyid="test-key-ed25519"',
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
    ],
    key: "test-key-ed25519",
    signature: "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
  },
  {
    name: "B.3 a proxy that ends TLS, ecdsa-p256-sha256",
    message: {
      method: "POST",
      url: "https://service.internal.example/foo?param=Value&Pet=dog",
      fields: new Headers({ "client-cert": CLIENT_CERT }),
    },
    input: 'ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;' +
      'keyid="test-key-ecc-p256"',
    base: [
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@method": POST',
      '"@authority": service.internal.example',
      `"client-cert": ${CLIENT_CERT}`,
    ],
    key: "test-key-ecc-p256",
    signature: "xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==",
  },
  {
    name: "B.4 a field of two lines, ed25519",
    message: {
      method: "GET",
      url: "https://example.org/demo?name1=Value1&Name2=value2",
      fields: new Headers([["accept", "application/json"], ["accept", "*/*"]]),
    },
    input: 'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
    base: ['"@method": GET', '"@path": /demo', '"@authority": example.org', '"accept": application/json, */*'],
    key: "test-key-ed25519",
    signature: "ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==",
  },
];

async function verify(keyName: keyof typeof TEST_KEYS, signature: Bytes, base: string): Promise<boolean> {
  const { spki, import: algorithm, verify } = TEST_KEYS[keyName];
  const key = await crypto.subtle.importKey("spki", base64(spki), algorithm, false, ["verify"]);
  return crypto.subtle.verify(verify, key, signature, utf8(base));
}

Deno.test("the signatures of RFC 9421 appendix B are good for the base that we build, and for no other", async (t) => {
  for (const vector of VECTORS) {
    await t.step(vector.name, async () => {
      const base = signatureBase(vector.message, input(vector.input));
      const parameters = vector.input.slice(vector.input.indexOf("("));
      assert.equal(base, [...vector.base, `"@signature-params": ${parameters}`].join("\n"));
      assert.ok(await verify(vector.key, base64(vector.signature), base));
      assert.equal(await verify(vector.key, base64(vector.signature), `${base} `), false);
    });
  }
});

Deno.test("the signature of RFC 9421 appendix B.2.5, hmac-sha256, comes out bit for bit", () => {
  const field = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const base = signatureBase(REQUEST, input(field));
  assert.ok(base);
  const mac = hmacSha256(importHmacKey(base64(TEST_SHARED_SECRET)), base);
  assert.deepEqual(mac, base64("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="));
});

function componentLine(message: Message, component: string): string | undefined {
  const base = signatureBase(message, input(`sig=(${component})`));
  return base?.slice(0, base.lastIndexOf("\n")).slice(component.length + 2);
}

Deno.test("components have the values of the examples in RFC 9421 section 2.2", async (t) => {
  const at = (url: string): RequestParts => ({ method: "POST", url, fields: new Headers() });
  const path = at("https://www.example.com/path?param=value");
  const query = at("https://www.example.com/path?param=value&foo=bar&baz=batman&qux=");
  const encoded = at(
    "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace" +
      "&fa%C3%A7ade%22%3A%20=something",
  );
  const cases: readonly [Message, string, string | undefined][] = [
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
  ];
  for (const [message, component, value] of cases) {
    await t.step(`${component} ${value}`, () => assert.equal(componentLine(message, component), value));
  }
});

Deno.test("no base is built over what is unknown, absent, ambiguous or not ASCII", async (t) => {
  const twice: RequestParts = { ...REQUEST, url: "https://example.com/?a=1&a=2" };
  const foreign: RequestParts = { ...REQUEST, fields: { get: () => "caf\u00e9" } };
  const torn: RequestParts = { ...REQUEST, fields: { get: () => 'a\n"@method": GET' } };
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
    ["a value that is not ASCII", foreign, '"date"'],
    ["a value with a line end", torn, '"date"'],
  ];
  for (const [name, message, components] of cases) {
    await t.step(name, () => assert.equal(signatureBase(message, input(`sig=(${components})`)), undefined));
  }
});

Deno.test("path and query are those of the URL, for whatever URL there is", () => {
  fc.assert(fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
    const url = new URL(text);
    assert.deepEqual(pathAndQuery(url.href), { path: url.pathname, query: url.search || "?" });
  }));
});
