import { useState } from "preact/hooks";
import { sizeText } from "../../components/bytes.ts";
import { FileField } from "../../components/field.tsx";
import { readRecord, type SignedRecord } from "./signed_record.ts";
import type { useUpload } from "./upload_task.ts";

/** An image with the record that `ecowatt firmware sign` wrote where the private key is. */
export function SignedElsewhereForm({ task }: { readonly task: ReturnType<typeof useUpload> }) {
  const [file, setFile] = useState<File>();
  const [record, setRecord] = useState<SignedRecord>();
  const [problem, setProblem] = useState<string>();
  const take = async (chosen: File | undefined) => {
    const read = chosen && await readRecord(chosen);
    setRecord(read);
    setProblem(chosen && !read ? `${chosen.name} is not what \`ecowatt firmware sign\` writes` : undefined);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (!file) return task.refuse("Choose the image's file first.");
    if (!record) return task.refuse("Choose the record that was signed with it.");
    if (file.size !== record.size) {
      return task.refuse(`${file.name} has ${file.size} bytes; the record is of an image with ${record.size}.`);
    }
    void task.start("/api/v1/firmware/signed", file, { "x-firmware-manifest": record.header });
  };
  return (
    <form onSubmit={submit}>
      <div class="fields">
        <FileField label="File" hint="The image that was signed, not encrypted" onFile={setFile} />
        <FileField
          label="Signed record"
          hint="IMAGE.signed.json, of ecowatt firmware sign"
          accept=".json,application/json"
          problem={problem}
          onFile={take}
        />
      </div>
      {record && (
        <p role="status">
          It says: version {record.version} of {record.model}, sequence {record.sequence}, {sizeText(record.size)}.
        </p>
      )}
      <p class="hint">
        The gateway believes the record only if it was signed with the key whose public half is{" "}
        <code>firmware-keys/default/signing_public.pem</code> in its data directory.
      </p>
      {!task.going && (
        <div class="actions">
          <button type="submit" class="primary">Upload</button>
        </div>
      )}
    </form>
  );
}
