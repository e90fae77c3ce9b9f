import assert from "node:assert/strict";
import { type Bytes, fromHex } from "../../crypto/bytes.ts";
import { importRsaPublicKey, verifyRsa } from "../../crypto/rsa.ts";

/** Project Wycheproof, rsa_signature_2048_sha256_test.json (0.8r12), first group: PKCS#1 v1.5 with SHA-256, RFC 8017 section 8.2. */
const KEY = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAorRRoH0KpfluRVZxUTVQ
UUqKW0YuvvcXCU+h/ugiJOY3+XRtP3yv0xh42AMltu9aFwD2WQO0aUKeidbqyIRQ
l7WrOTGJ25JRLtincRoSU/rNIPecFegkfz0+QuRuSMmOJUov6XZTE6A+/48X4aAp
OXofomqNzib0kO2BKZYV2YFMItphBCjgnH2WWFlCZvXAIdD87KCNlFoSvoLeTR7O
a0wDFFtdNJXU7VQR64eNrwX9evw+Ca2g8RJkIvWQl1oZaYFvSGmLy7obTZyuedRg
2Pn4Xnl1AF2bwixOWsD3waRdElaaYoB9O5oC5aUw53MGb0U9H1tMLpz3ggKD90K5
1QIDAQAB
-----END PUBLIC KEY-----`;

const VECTORS: readonly { name: string; message: string; signature: string; good: boolean }[] = [
  {
    name: "1: an empty message",
    message: "",
    signature: "840f5dac53106dd1f9c57219224cf51289290c42f20466875ba8e830ac5690e5" +
      "41536fcc8ab03b731f82bf66d83f194e7e180b3963ec7a2f3f7904a7ce49aed4" +
      "7da4d4b79421eaf937d301b3e696169297b797c32c076a12be4de0b58e003c51" +
      "23051a84a10c62f8dac2f42a8640008eb3c7cccd6760ff5b51b6897639225828" +
      "45f048fb8150e5a7a6ca2eccc7bdc85349ad5b26c52137a79fa3fe5c29ab5cd7" +
      "615013219c1941b6708e9c3c23feff5febaf0c8ebca5750b54e3e6e99a3e876b" +
      "396f27860b7f3ec4e9191703c6332d944f6f69751167680c79c4f6b57f1cc875" +
      "5d24b6ec158ccdbacdb23107a33cb6b332516c13274d1f9dccc21dced869e486",
    good: true,
  },
  {
    name: "3: a short message",
    message: "54657374",
    signature: "264491e844c119f14e425c03282139a558dcdaeb82a4628173cd407fd319f907" +
      "6eaebc0dd87a1c22e4d17839096886d58a9d5b7f7aeb63efec56c45ac7bead42" +
      "03b6886e1faa90e028ec0ae094d46bf3f97efdd19045cfbc25a1abda2432639f" +
      "9876405c0d68f8edbf047c12a454f7681d5d5a2b54bd3723d193dbad4338baad" +
      "753264006e2d08931c4b8bb79aa1c9cad10eb6605f87c5831f6e2b08e002f9c6" +
      "f21141f5841d92727dd3e1d99c36bc560da3c9067df99fcaf818941f72588be3" +
      "3032bad22caf6704223bb114d575b6d02d9d222b580005d930e8f40cce9f672e" +
      "ebb634a20177d84351627964b83f2053d736a84ab1a005f63bd5ba943de6205c",
    good: true,
  },
  {
    name: "7: a message of 32 bytes",
    message: "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    signature: "2ae8d95b19cbd64d0e343ff413fffb85d8e6713c06ac8a1ceba7f3924fa740f8" +
      "d2b3e120fd71f22711e795cd6468c5e263b1a5ba6ac6b8fa9e23d2d6e7243f51" +
      "0592a61d134e68b8ead00612dbf38c5b7302abc3bf33f23e6d4816a6e3ddcea6" +
      "482566e84f57464f7d56de4cef0b2256ef21874dda4c131a47292ff8ef853f93" +
      "804483c8e6373d39ca3a22552e75427b812b861de6a310ff4c366f6f6604116e" +
      "fd9770170aa423554c4ebbd2b5c0698950e66bb5b7c5c346285d9f5c35146255" +
      "736b6e818e8e77983c93b21e7f60b04a7a525598e7fd8049b181000bffc7f375" +
      "3a504370f6bb70617ac8e914deb05a198a5758a459c9fcd2fce1aede48e8a852",
    good: true,
  },
  {
    name: "8: without the NULL, which some legacy implementations take",
    message: "313233343030",
    signature: "095dad1fd82bcd36652a381b7f4dd656bd89b40aa58b56da4f6aa8247874b935" +
      "e65d2b86752d537df7103884d39dd9ad3d65f87404526b09094c5615c6249979" +
      "b0dc58d2199ae8696a5b76b4bb03eaf08c2ab6aec686c6b1b289c9b44f648bd3" +
      "0cb1ac6a64a73d68e59cd05e7aa1b780f4bfd7b83dfe3b884ec11821a93dc5bb" +
      "b47a00eea4557b6b96b5656276001f1f295ddbbbc511a99b9a665b9c2674c8af" +
      "0d812286d0be3ce74817ba2cad283757de35dfb149f2835f60cb03ff155524a5" +
      "7f78b148feceb84cd20b0ae22e3e48f433fbd9bfd60be8afec93165ee0310be9" +
      "61d3695f309d031320c830aa6ba08b5a51d943797097c57630be391bd23736cc",
    good: false,
  },
  {
    name: "9: the long form of the sequence's length",
    message: "313233343030",
    signature: "8a0e82d4f334aca72a718b6f8f643f69c6048d619d5eba71263a5d2d3ac7a7af" +
      "133b780c7595ca2c982c006e861948f543cd0210c758691f9626842c25de2843" +
      "ea314ca8eff285d47e0cffa54180af416004017034962a80a5959c3d3f1bfc15" +
      "4a4824462a93c014f6dfe920824f414a6e30e0e5944d480b99949ec7bf64c4a7" +
      "461575933b17d7d6b0178b5192392ace3ed8469e8ac1dacae51ad5d3ad73dcb2" +
      "13e056d04596e64d8c0703def3110c7cecc93ba8ac8059f0f3d66b89d8712c62" +
      "b41d407e4b4a104f4569558b0290c213cad6d0653898b9df8f4a453ab07d13bf" +
      "b7598d505abbd0c4987e4f1ac66e1a523e113e370ab7cf990f0cc63f50f4f0a4",
    good: false,
  },
  {
    name: "13: a wrong length of the sequence",
    message: "313233343030",
    signature: "9947c137ebf7013ea9e41f1ce93fd29022e340e6ade56c1119cd826430acf983" +
      "3bbc1ed05c1899757a79d3104c9b4133ff0aef7e1cbeaafc2ada2422bdf9e299" +
      "26626527f947124d5549d9f4fddb809f84923aa335d331c392a5ae5e29cb0f50" +
      "3e230ce7bff114206d5dfd51b812f9ed5448d9100125a8cc2324e560c69f4a49" +
      "2988045c97ab90a2806df900c3b95ab95bd634dd0a50edc5312eeef6463bc4b6" +
      "2e54261cc67e9cb9caa9a0a7550183c9e03f26bd5c8718dd77f54290b3a27a05" +
      "4d7d3e39e8cb45529d585ac0e507b8688219d2b8032268020b68d2284f9f743d" +
      "ebab5cd47fb3fbd77fdfe3a9d7984b11a37cce190ac89a472578a3332b150f5d",
    good: false,
  },
];

function hex(text: string): Bytes {
  return fromHex(text) ?? assert.fail();
}

Deno.test("RSA signatures of published vectors are good or refused as they should be", async (t) => {
  const key = await importRsaPublicKey(KEY) ?? assert.fail();
  for (const { name, message, signature, good } of VECTORS) {
    await t.step(name, async () => assert.equal(await verifyRsa(key, hex(message), hex(signature)), good));
  }
});
