import { mutantsOf } from "../mutant.ts";

const EXTRACTABLE = "tests/crypto/extractable_test.ts";

export const CRYPTO = [
  ...mutantsOf("crypto/aes_cbc.ts", ["tests/crypto/aes_cbc_test.ts"], [
    {
      from: "raw.length !== AES_KEY_BYTES",
      to: "raw.length > AES_KEY_BYTES",
      breaks: "a shorter key is taken, for a weaker cipher",
    },
    {
      from: "      before = encrypted.slice(-AES_BLOCK_BYTES);\n",
      to: "",
      breaks: "blocks are not chained over pieces",
    },
    {
      from: "      before = blocks.slice(-AES_BLOCK_BYTES);\n",
      to: "",
      breaks: "decryption forgets the block before a piece",
    },
    { from: "new Held(1)", to: "new Held(0)", breaks: "the last block of a stream is given on with its padding" },
    {
      from: "this.#pieces.push(piece.slice());",
      to: "this.#pieces.push(piece);",
      breaks: "a piece is kept that its owner overwrites",
    },
  ]),
  ...mutantsOf("crypto/aes_gcm.ts", ["tests/crypto/aes_gcm_test.ts", EXTRACTABLE], [
    { from: "additionalData: additional, ", to: "", breaks: "a message is taken in another context" },
    {
      from: "nonce.length !== GCM_NONCE_BYTES",
      to: "nonce.length < GCM_NONCE_BYTES",
      breaks: "a longer nonce is taken",
    },
    { from: "tagLength: 8 * GCM_TAG_BYTES", to: "tagLength: 96", breaks: "the tag is shorter" },
    {
      from: 'importKey("raw", raw, "AES-GCM", false,',
      to: 'importKey("raw", raw, "AES-GCM", true,',
      breaks: "the key can be read back",
    },
  ]),
  ...mutantsOf("crypto/bytes.ts", ["tests/crypto/bytes_test.ts"], [
    { from: "text.length % 2 !== 0 || ", to: "", breaks: "hex of half a byte is taken" },
    { from: "text.length % 4 !== 0 || ", to: "", breaks: "Base64 without its padding is taken" },
  ]),
  ...mutantsOf("crypto/content_digest.ts", ["tests/crypto/content_digest_test.ts"], [
    { from: "[AEIMQUYcgkosw048]=:$/", to: "[A-Za-z0-9+/]=:$/", breaks: "one digest can be written in four ways" },
    { from: "=:$/", to: "=:/", breaks: "a digest may be followed by another" },
    {
      from: "return field === contentDigest(body);",
      to: "return isContentDigest(field);",
      breaks: "a digest in form is believed",
    },
  ]),
  ...mutantsOf("crypto/equal.ts", ["tests/crypto/equal_test.ts"], [
    { from: "a.length === b.length && ", to: "", breaks: "another length is an exception" },
    {
      from: "timingSafeEqual(a, b)",
      to: "a.every((byte, i) => byte === b[i])",
      breaks: "the time tells how much of a secret is right",
      unnoticed: "nanoseconds that no test on a busy machine can tell apart; the import of timingSafeEqual is reviewed",
    },
  ]),
  ...mutantsOf("crypto/hmac.ts", ["tests/crypto/hmac_test.ts", EXTRACTABLE], [
    { from: "raw, ALGORITHM, false,", to: "raw, ALGORITHM, true,", breaks: "the key can be read back" },
  ]),
  ...mutantsOf("crypto/message_signature.ts", ["tests/crypto/message_signature_test.ts"], [
    { from: " || identifiers.includes(identifier)", to: "", breaks: "a component may be covered twice" },
    {
      from: "!/^[\\t\\x20-\\x7e]*$/.test(value) || ",
      to: "",
      breaks: "a line end in a value forges a line of the base",
    },
    {
      from: "return found.length === 1 ? found[0] : undefined;",
      to: "return found[0];",
      breaks: "the second of two parameters is not covered",
    },
    {
      from: "fields.get(name)?.trim()",
      to: "fields.get(name) ?? undefined",
      breaks: "white space around a value counts",
    },
    {
      from: "return parameters.size === 1 && key?.kind",
      to: "return key?.kind",
      breaks: "parameters of components that nobody implements are ignored",
    },
  ]),
  ...mutantsOf("crypto/pem.ts", ["tests/crypto/rsa_test.ts", "tests/crypto/rsa_vectors_test.ts"], [
    { from: " || !trimmed.endsWith(end)", to: "", breaks: "a key that was cut is taken" },
    { from: "  if (text.length > MAX_LENGTH) return undefined;\n", to: "", breaks: "a text of any length is read" },
  ]),
  ...mutantsOf("crypto/rsa.ts", ["tests/crypto/rsa_test.ts", "tests/crypto/rsa_vectors_test.ts", EXTRACTABLE], [
    {
      from: "modulusLength === KEY_BITS",
      to: "modulusLength <= KEY_BITS",
      breaks: "a shorter RSA key vouches for firmware",
    },
    { from: "SCHEME, false, [use]", to: "SCHEME, true, [use]", breaks: "the signing key can be read back" },
  ]),
  ...mutantsOf("crypto/sha256.ts", ["tests/crypto/sha256_test.ts"], [
    { from: "hash.copy().digest()", to: "hash.digest()", breaks: "nothing can follow a digest" },
  ]),
  ...mutantsOf("crypto/structured_field.ts", ["tests/crypto/structured_field_test.ts"], [
    { from: "  if (text.length > maxLength) return undefined;\n", to: "", breaks: "a field of any length is read" },
    { from: " || members.has(key)", to: "", breaks: "the last of two members with one key counts" },
    { from: " || parameters.has(key)", to: "", breaks: "the last of two parameters with one key counts" },
    {
      from: "return this.#at === this.#text.length ? members : undefined;",
      to: "return members;",
      breaks: "what follows a field is not looked at",
    },
    { from: "-?[0-9]{1,15}", to: "-?[0-9]{1,16}", breaks: "an integer loses its last digit" },
    { from: " || !this.#separated()", to: "", breaks: "items need no space between them" },
    { from: "Number(digits) + 0", to: "Number(digits)", breaks: "-0 is another number than 0" },
  ]),
];
