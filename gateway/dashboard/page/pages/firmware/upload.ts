import { ApiProblem } from "../../api/client.ts";
import type { Firmware } from "../../api/views.ts";

interface Options {
  readonly csrf: string;
  /** Beside those that every upload has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told as it goes: 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Sends an image as it is; gives what it became. `fetch` cannot tell how far an upload is. Rejects with `ApiProblem`. */
export function upload(
  path: string,
  file: Blob,
  { csrf, headers = {}, onProgress, signal }: Options,
): Promise<Firmware> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("x-ecowatt-csrf", csrf);
    request.setRequestHeader("content-type", "application/octet-stream");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total);
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(new ApiProblem(request.status, detailOf(request)));
    };
    request.onerror = () => reject(new ApiProblem(0, "The gateway does not answer any more; nothing was added."));
    request.onabort = () => reject(new ApiProblem(0, "The upload was stopped; nothing was added."));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

function detailOf({ responseText, status }: XMLHttpRequest): string {
  try {
    const { detail } = JSON.parse(responseText);
    if (typeof detail === "string") return detail;
  } catch {
    // Not of the gateway, but of something in between.
  }
  return `The gateway answered ${status}`;
}
