import firmware from "../fixtures/rsa_test_keys_only/firmware.json" with { type: "json" };
import stranger from "../fixtures/rsa_test_keys_only/stranger.json" with { type: "json" };

/** An RSA pair for tests, published: to make one takes a second. Nothing real is signed with it. */
export const firmwarePair: Readonly<Record<"publicPem" | "privatePem", string>> = firmware;
/** Another one: of somebody whom nobody trusts. */
export const strangersPair: typeof firmwarePair = stranger;
