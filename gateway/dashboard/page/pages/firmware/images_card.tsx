import { useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import type { Firmware } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { sizeText } from "../../components/bytes.ts";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Card } from "../../components/page.tsx";
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
  const api = useApi();
  const announce = useAnnounce();
  const mayRollOut = useMay("operator");
  const mayRemove = useMay("admin");
  const verify = async (image: Firmware) => {
    try {
      const { good, reason } = await api.send<{ good: boolean; reason: string | null }>(
        "POST",
        `${pathOf(image)}/verify`,
      );
      if (good) announce.done(`${nameOf(image)} is good: hash, signature and size are what they should be`);
      else announce.problem(`${nameOf(image)} is not good: ${reason}`);
    } catch (error) {
      announce.problem(messageOf(error));
    }
  };
  const actions = (image: Firmware) => (
    <div class="actions">
      {mayRollOut && (
        <button type="button" aria-label={`Roll out ${nameOf(image)}`} onClick={() => onRollOut(image)}>
          Roll out…
        </button>
      )}
      {mayRollOut && (
        <button
          type="button"
          class="quiet"
          aria-label={`Verify ${nameOf(image)}`}
          onClick={() => verify(image)}
        >
          Verify
        </button>
      )}
      {mayRemove && (
        <button
          type="button"
          class="quiet"
          aria-label={`Remove ${nameOf(image)}`}
          onClick={() => setRemoved(image)}
        >
          Remove
        </button>
      )}
    </div>
  );
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
          { title: "Actions", cell: actions },
        ]}
        rows={images}
        rowKey={nameOf}
        empty={<NoImages mayUpload={mayRemove} />}
      />
      {removed && (
        <ConfirmDialog
          title={`Remove ${nameOf(removed)}?`}
          confirm="Remove this image"
          danger
          onConfirm={() => api.send("DELETE", pathOf(removed)).then(onChanged)}
          onClose={() => setRemoved(undefined)}
        >
          <p>No device is offered it any more. Devices that run it go on.</p>
        </ConfirmDialog>
      )}
    </Card>
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
