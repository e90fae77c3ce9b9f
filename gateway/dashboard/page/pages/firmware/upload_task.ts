import { useContext, useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { VisitContext } from "../../session.tsx";
import { upload } from "./upload.ts";

/** An upload that is under way. */
export interface Going {
  readonly file: File;
  /** 0 to 1. */
  readonly share: number;
  readonly stop: () => void;
}

/** Uploads an image and tells how that goes; `start` begins it, `refuse` says why it does not begin. */
export function useUpload(onUploaded: () => void) {
  const { session } = useContext(VisitContext);
  const announce = useAnnounce();
  const [problem, refuse] = useState<string>();
  const [going, setGoing] = useState<Going>();
  const start = async (path: string, file: File, headers: Readonly<Record<string, string>> = {}) => {
    const stopper = new AbortController();
    const onProgress = (share: number) => setGoing({ file, share, stop: () => stopper.abort() });
    refuse(undefined);
    onProgress(0);
    try {
      const csrf = session?.csrf_token ?? "";
      const { model, version } = await upload(path, file, { csrf, headers, onProgress, signal: stopper.signal });
      announce.done(`Firmware ${version} of ${model} is ready to be rolled out`);
      onUploaded();
    } catch (error) {
      refuse(messageOf(error));
    } finally {
      setGoing(undefined);
    }
  };
  return { problem, refuse, going, start };
}
