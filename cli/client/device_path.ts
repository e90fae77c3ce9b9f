/** The devices in the API. */
export const DEVICES_PATH = "/api/v1/devices";

/** The API path of a device. */
export function pathOf(name: string): string {
  return `${DEVICES_PATH}/${encodeURIComponent(name)}`;
}
