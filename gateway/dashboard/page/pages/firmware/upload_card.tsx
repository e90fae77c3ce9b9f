import { useState } from "preact/hooks";
import { Notice } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { SignedHereForm } from "./signed_here_form.tsx";
import { SignedElsewhereForm } from "./signed_elsewhere_form.tsx";
import { type Going, useUpload } from "./upload_task.ts";

/** Who has the private key. */
const SIGNERS = { here: "Signed by this gateway", elsewhere: "Signed on another machine" };
type Signer = keyof typeof SIGNERS;

/** Takes an image, which the gateway encrypts, and signs unless that was done elsewhere. */
export function UploadCard({ onUploaded }: { readonly onUploaded: () => void }) {
  const [signer, setSigner] = useState<Signer>("here");
  const task = useUpload(onUploaded);
  const choose = (next: Signer) => {
    setSigner(next);
    task.refuse(undefined);
  };
  return (
    <Card title="Upload an image">
      <div class="tabs" role="group" aria-label="Where it is signed">
        {(["here", "elsewhere"] as const).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === signer}
            disabled={task.going !== undefined}
            onClick={() => choose(name)}
          >
            {SIGNERS[name]}
          </button>
        ))}
      </div>
      {task.problem !== undefined && <Notice tone="bad">{task.problem}</Notice>}
      {signer === "here" ? <SignedHereForm task={task} /> : <SignedElsewhereForm task={task} />}
      {task.going && <Progress going={task.going} isSigned={signer === "elsewhere"} />}
    </Card>
  );
}

function Progress({ going: { file, share, stop }, isSigned }: { readonly going: Going; readonly isSigned: boolean }) {
  const last = isSigned ? "Checking and encrypting…" : "Signing and encrypting…";
  return (
    <div class="actions upload">
      <progress aria-label={`Upload of ${file.name}`} value={share} max={1} />
      <span>{share < 1 ? `${Math.floor(100 * share)} %` : last}</span>
      <button type="button" onClick={stop}>Stop the upload</button>
    </div>
  );
}
