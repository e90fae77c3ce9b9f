/** Unit ids that inverters have when they come: SMA 3 and 126, EcoWatt 17, GoodWe 247, the others 1 and 2. */
export const USUAL_UNITS: readonly number[] = [1, 17, 2, 3, 126, 247];
/** Over TCP also Kostal 71, Victron and SAX 100, meters behind Fronius 200 and 240, Huawei's EMMA 0, Alpha 85. */
export const USUAL_TCP_UNITS: readonly number[] = [...USUAL_UNITS, 71, 100, 200, 240, 0, 85];

/** Those of second and third inverters, and of meters; asked when nobody has a usual one, and at the side of who has. */
export const FURTHER_UNITS: readonly number[] = [4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 20, 101, 201];
/** Over TCP also those that no serial line has: of gateways and their devices. */
export const FURTHER_TCP_UNITS: readonly number[] = [...FURTHER_UNITS, 248, 254, 255];
