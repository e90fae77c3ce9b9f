import { useState } from "preact/hooks";
import { FileField, SelectField, TextField } from "../../components/field.tsx";
import type { useUpload } from "./upload_task.ts";

const AUDIENCES = [["node", "nodes"], ["board", "ESP32 boards"]] as const;

/** An image that the gateway signs with its own key. */
export function SignedHereForm({ task }: { readonly task: ReturnType<typeof useUpload> }) {
  const [file, setFile] = useState<File>();
  const [model, setModel] = useState("ecowatt-node");
  const [version, setVersion] = useState("");
  const [audience, setAudience] = useState("node");
  const submit = (event: Event) => {
    event.preventDefault();
    if (!file) return task.refuse("Choose the image's file first.");
    const query = new URLSearchParams({ model: model.trim(), version: version.trim(), audience });
    void task.start(`/api/v1/firmware?${query}`, file);
  };
  return (
    <form onSubmit={submit}>
      <div class="fields">
        <FileField label="File" hint="The image as it was built; at most 512 MiB" onFile={setFile} />
        <TextField
          required
          spellcheck={false}
          label="Model"
          hint="As devices are registered"
          value={model}
          onValue={setModel}
        />
        <TextField
          required
          spellcheck={false}
          label="Version"
          hint="Such as 1.4.0"
          value={version}
          onValue={setVersion}
        />
        <SelectField label="For" value={audience} onValue={setAudience} options={AUDIENCES} />
      </div>
      {!task.going && (
        <div class="actions">
          <button type="submit" class="primary">Upload</button>
        </div>
      )}
    </form>
  );
}
