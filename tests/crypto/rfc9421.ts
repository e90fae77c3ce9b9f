import assert from "node:assert/strict";
import { type Bytes, fromBase64, utf8 } from "../../crypto/bytes.ts";
import type { RequestParts, ResponseParts } from "../../crypto/message_signature.ts";
import { type InnerList, parseDictionary } from "../../crypto/structured_field.ts";

export type Message = RequestParts | ResponseParts;

export function base64(text: string): Bytes {
  const bytes = fromBase64(text);
  assert.ok(bytes);
  return bytes;
}

export function input(field: string): InnerList {
  const list = [...parseDictionary(field, 1000)?.values() ?? []][0];
  assert.ok(list?.kind === "list");
  return list;
}

/** The public test keys of RFC 9421 appendix B.1. */
export const TEST_KEYS = {
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
export const TEST_SHARED_SECRET =
  "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

export const DIGEST_OF_REQUEST =
  "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
export const DIGEST_OF_RESPONSE =
  "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";

/** test-request of RFC 9421 appendix B.2. */
export const REQUEST: RequestParts = {
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
export const RESPONSE: ResponseParts = {
  status: 200,
  fields: new Headers({
    date: "Tue, 20 Apr 2021 02:07:56 GMT",
    "content-type": "application/json",
    "content-digest": DIGEST_OF_RESPONSE,
    "content-length": "23",
  }),
};

export const CLIENT_CERT =
  ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0" +
  "ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaU" +
  "gmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAW" +
  "gBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1w" +
  "bGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBV" +
  "oU4hBVZ1yhk=:";

export interface Vector {
  readonly name: string;
  readonly message: Message;
  readonly input: string;
  /** Lines of the signature base before `@signature-params`. */
  readonly base: readonly string[];
  readonly key: keyof typeof TEST_KEYS;
  readonly signature: string;
}

/** RFC 9421 appendix B.2, B.3 and B.4, whose signatures are verified over the base we build. */
export const VECTORS: readonly Vector[] = [
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

const SIGNATURE_OF_REQUEST =
  ":LAH8BjcfcOcLojiuOBFWn0P5keD3xAOuJRGziCLuD8r5MW9S0RoXXLzLSRfGY/3SF8kVIkHjE13SEFdTo4Af/fJ/Pu9wheqoLVdwXyY/UkBIS1M8" +
  "Brc8IODsn5DFIrG0IrburbLi0uCc+E2ZIIb6HbUJ+o+jP58JelMTe0QE3IpWINTEzpxjqDf5/Df+InHCAkQCTuKsamjWXUpyOT1Wkxi7YPVNOjW4" +
  "MfNuTZ9HdbD2Tr65+BXeTG9ZS/9SWuXAc+BZ8WyPz0QRz//ec3uWXd7bYYODSjRAxHqX+S1ag3LZElYyUKaAIjZ8MGOt4gXEwCSLDv/zqxZeWLj/" +
  "PDkn6w==:";

/** The example of section 2.4 as draft 13 of RFC 9421 has it: an answer that covers the signature of its request. */
export const BOUND_RESPONSE: Vector = {
  name: "2.4 an answer bound to its request, ecdsa-p256-sha256",
  message: {
    status: 503,
    fields: new Headers({ "content-type": "application/json", "content-length": "62" }),
    request: {
      method: "POST",
      url: "https://example.com/foo?param=Value&Pet=dog",
      fields: new Headers({ signature: `sig1=${SIGNATURE_OF_REQUEST}` }),
    },
  },
  input:
    'reqres=("@status" "content-length" "content-type" "signature";req;key="sig1" "@authority";req "@method";req)' +
    ';created=1618884479;keyid="test-key-ecc-p256"',
  base: [
    '"@status": 503',
    '"content-length": 62',
    '"content-type": application/json',
    `"signature";req;key="sig1": ${SIGNATURE_OF_REQUEST}`,
    '"@authority";req: example.com',
    '"@method";req: POST',
  ],
  key: "test-key-ecc-p256",
  signature: "mh17P4TbYYBmBwsXPT4nsyVzW4Rp9Fb8WcvnfqKCQLoMvzOBLD/n32tL/GPW6XE5GAS5bdsg1khK6lBzV1Cx/Q==",
};

export async function verify(keyName: keyof typeof TEST_KEYS, signature: Bytes, base: string): Promise<boolean> {
  const { spki, import: algorithm, verify } = TEST_KEYS[keyName];
  const key = await crypto.subtle.importKey("spki", base64(spki), algorithm, false, ["verify"]);
  return crypto.subtle.verify(verify, key, signature, utf8(base));
}
