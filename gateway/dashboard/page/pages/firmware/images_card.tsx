import { useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import type { Firmware } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { sizeText } from "../../components/bytes.ts";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
import { RowAction } from "../../components/row_action.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { useApi, useMay } from "../../session.tsx";

interface Props {
  readonly images: readonly Firmware[];
  readonly onRollOut: (firmware: Firmware) => void;
  readonly onChanged: () => void;
}

/** The images that can be offered to devices. */
export function ImagesCard({ images, onRollOut, onChanged }: Props) {
  const [removed, setRemoved] = useState<Firmware>();
  const mayRemove = useMay("admin");
  return (
    <Card title="Images">
      <DataTable
        caption="Firmware images, by model and version"
        columns={[
          { title: "Version", cell: ({ version }: Firmware) => version },
          { title: "Model", cell: ({ model }) => model },
          { title: "For", wide: true, cell: ({ audience }) => audience === "node" ? "nodes" : "boards" },
          { title: "Size", number: true, wide: true, cell: ({ original_size }) => sizeText(original_size) },
          { title: "Added", wide: true, cell: ({ added_at_ms }) => <RelativeTime at={added_at_ms} /> },
          {
            title: "Actions",
            cell: (image) => <ImageActions image={image} onRollOut={onRollOut} onRemove={setRemoved} />,
          },
        ]}
        rows={images}
        rowKey={nameOf}
        empty={<NoImages mayUpload={mayRemove} />}
      />
      {removed && <RemoveDialog image={removed} onRemoved={onChanged} onClose={() => setRemoved(undefined)} />}
    </Card>
  );
}

interface ActionsProps {
  readonly image: Firmware;
  readonly onRollOut: (firmware: Firmware) => void;
  readonly onRemove: (firmware: Firmware) => void;
}

function ImageActions({ image, onRollOut, onRemove }: ActionsProps) {
  const mayRollOut = useMay("operator");
  const mayRemove = useMay("admin");
  const verify = useVerification();
  const name = nameOf(image);
  return (
    <div class="actions">
      {mayRollOut && <RowAction label={`Roll out ${name}`} onClick={() => onRollOut(image)}>Roll out…</RowAction>}
      {mayRollOut && <RowAction quiet label={`Verify ${name}`} onClick={() => void verify(image)}>Verify</RowAction>}
      {mayRemove && <RowAction quiet label={`Remove ${name}`} onClick={() => onRemove(image)}>Remove</RowAction>}
    </div>
  );
}

/** Has the gateway check an image on its disk, and announces the outcome. */
function useVerification(): (image: Firmware) => Promise<void> {
  const api = useApi();
  const announce = useAnnounce();
  return async (image) => {
    try {
      const path = `${pathOf(image)}/verify`;
      const { good, reason } = await api.send<{ good: boolean; reason: string | null }>("POST", path);
      if (good) announce.done(`${nameOf(image)} is good: hash, signature and size are what they should be`);
      else announce.problem(`${nameOf(image)} is not good: ${reason}`);
    } catch (error) {
      announce.problem(messageOf(error));
    }
  };
}

interface RemoveProps {
  readonly image: Firmware;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

function RemoveDialog({ image, onRemoved, onClose }: RemoveProps) {
  const api = useApi();
  return (
    <ConfirmDialog
      title={`Remove ${nameOf(image)}?`}
      confirm="Remove this image"
      danger
      onConfirm={() => api.send("DELETE", pathOf(image)).then(onRemoved)}
      onClose={onClose}
    >
      <p>No device is offered it any more. Devices that run it go on.</p>
    </ConfirmDialog>
  );
}

function NoImages({ mayUpload }: { readonly mayUpload: boolean }) {
  return (
    <Empty title="There is no firmware yet">
      {mayUpload
        ? (
          <p>
            Upload an image below. It is signed with the gateway's firmware key; <code>ecowatt keys generate</code>{" "}
            makes one.
          </p>
        )
        : <p>Someone with the role admin can upload an image.</p>}
    </Empty>
  );
}

export function nameOf({ model, version }: Pick<Firmware, "model" | "version">): string {
  return `${model} ${version}`;
}

function pathOf({ model, version }: Firmware): string {
  return `/api/v1/firmware/${encodeURIComponent(model)}/${encodeURIComponent(version)}`;
}
