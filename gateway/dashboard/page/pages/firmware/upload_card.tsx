import { useContext, useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { Field } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { VisitContext } from "../../session.tsx";
import { upload } from "./upload.ts";

/** Takes an image, which the gateway signs and encrypts. */
export function UploadCard({ onUploaded }: { readonly onUploaded: () => void }) {
  const { session } = useContext(VisitContext);
  const announce = useAnnounce();
  const [file, setFile] = useState<File>();
  const [model, setModel] = useState("ecowatt-node");
  const [version, setVersion] = useState("");
  const [audience, setAudience] = useState("node");
  const [problem, setProblem] = useState<string>();
  const [going, setGoing] = useState<{ readonly share: number; readonly stop: AbortController }>();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!file) return setProblem("Choose the image's file first.");
    const stop = new AbortController();
    setProblem(undefined);
    setGoing({ share: 0, stop });
    try {
      const query = new URLSearchParams({ model: model.trim(), version: version.trim(), audience });
      const onProgress = (share: number) => setGoing({ share, stop });
      const csrf = session?.csrf_token ?? "";
      await upload(`/api/v1/firmware?${query}`, file, { csrf, onProgress, signal: stop.signal });
      announce.done(`Firmware ${version} of ${model} is ready to be rolled out`);
      onUploaded();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setGoing(undefined);
    }
  };
  return (
    <Card title="Upload an image">
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      <form onSubmit={submit}>
        <div class="fields">
          <Field label="File" hint="The image as it was built; at most 512 MiB">
            {(attributes) => (
              <input
                {...attributes}
                type="file"
                onChange={(event) => setFile(event.currentTarget.files?.[0])}
              />
            )}
          </Field>
          <TextField label="Model" hint="As devices are registered" value={model} onValue={setModel} />
          <TextField label="Version" hint="Such as 1.4.0" value={version} onValue={setVersion} />
          <Field label="For">
            {(attributes) => (
              <select
                {...attributes}
                value={audience}
                onChange={(event) => setAudience(event.currentTarget.value)}
              >
                <option value="node">nodes</option>
                <option value="board">ESP32 boards</option>
              </select>
            )}
          </Field>
        </div>
        <p class="hint">
          It is signed with the gateway's own key. For a key that is kept elsewhere: <code>ecowatt firmware sign</code>.
        </p>
        {going
          ? (
            <div class="actions upload">
              <progress aria-label={`Upload of ${file?.name}`} value={going.share} max={1} />
              <span>{going.share < 1 ? `${Math.floor(100 * going.share)} %` : "Signing and encrypting…"}</span>
              <button type="button" onClick={() => going.stop.abort()}>Stop the upload</button>
            </div>
          )
          : (
            <div class="actions">
              <button type="submit" class="primary">Upload</button>
            </div>
          )}
      </form>
    </Card>
  );
}

function TextField(
  { label, hint, value, onValue }: {
    readonly label: string;
    readonly hint: string;
    readonly value: string;
    readonly onValue: (value: string) => void;
  },
) {
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <input
          {...attributes}
          required
          spellcheck={false}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
