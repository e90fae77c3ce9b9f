import { sources } from "./text.ts";

/** Where every function that another file can use shows in its comment how. */
export const COMPLETE = new RegExp(
  `^(${
    [
      "crypto/(aes_gcm|bytes|content_digest|equal|hkdf|hmac|message_signature|pem|sha256|structured_field)",
      "ota/(slots/.*|chunks/chunk_hmac)",
      "ota/(manifest|repository|updater)/(canonical_json|eligibility|firmware|image_store|manifest_of)",
      "ota/(manifest|repository|updater)/(pace|part|probe|sequence_marks|version)",
      "protocol/.*",
    ].join("|")
  })\\.ts$`,
);

/** Files of the libraries, in the order of their names. */
export const libraries = (await sources()).filter(({ path }) => /^(crypto|ota|protocol)\/.*\.ts$/.test(path))
  .toSorted((a, b) => a.path < b.path ? -1 : 1);
