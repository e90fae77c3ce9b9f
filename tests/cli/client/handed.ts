/** A key as it is handed over; no real device has it. */
export const secret = { number: 2, key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" };

/** A board that calls itself otherwise than it is registered. */
export const board = { device_id: "shed", auth: "legacy", wire_id: "ESP32_EcoWatt_Smart" } as const;
