import { Empty } from "./empty.tsx";

/** Stands where devices would be. */
export function NoDevices() {
  return (
    <Empty title="No device is registered yet">
      <p>
        On this machine, <code>ecowatt init</code> sets up a node with its inverter. For another node or a board,{" "}
        <code>ecowatt device add NAME</code> registers it and tells its key.
      </p>
    </Empty>
  );
}
