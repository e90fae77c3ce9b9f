import { useState } from "preact/hooks";
import { useResource } from "../api/resource.ts";
import type { Devices, Firmware, FirmwareRollout } from "../api/views.ts";
import { NeedsRole } from "../components/needs_role.tsx";
import { Loaded } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { DevicesCard } from "./firmware/devices_card.tsx";
import { ImagesCard } from "./firmware/images_card.tsx";
import { NewRollout } from "./firmware/new_rollout.tsx";
import { RolloutsCard } from "./firmware/rollouts_card.tsx";
import { UploadCard } from "./firmware/upload_card.tsx";

/** The images, what devices run, and how they come to what they are to run. */
export function FirmwarePage() {
  const images = useResource<{ readonly firmware: readonly Firmware[] }>("/api/v1/firmware", { every: 60_000 });
  const rollouts = useResource<{ readonly rollouts: readonly FirmwareRollout[] }>("/api/v1/rollouts", {
    on: ["firmware"],
    every: 15_000,
  });
  const devices = useResource<Devices>("/api/v1/devices?limit=1000", { on: ["device"] });
  const [planned, setPlanned] = useState<Firmware>();
  return (
    <Page title="Firmware">
      <Loaded resource={rollouts}>
        {({ rollouts: all }) => <RolloutsCard rollouts={all} onChanged={rollouts.reload} />}
      </Loaded>
      <Loaded resource={devices}>{({ devices: all }) => <DevicesCard devices={all} />}</Loaded>
      <Loaded resource={images}>
        {({ firmware }) => <ImagesCard images={firmware} onRollOut={setPlanned} onChanged={images.reload} />}
      </Loaded>
      <NeedsRole role="operator" what="Rollouts" />
      <NeedsRole role="admin" what="Uploads of images">
        <UploadCard onUploaded={images.reload} />
      </NeedsRole>
      {planned && (
        <NewRollout
          firmware={planned}
          devices={devices.value?.devices ?? []}
          onStarted={rollouts.reload}
          onClose={() => setPlanned(undefined)}
        />
      )}
    </Page>
  );
}
