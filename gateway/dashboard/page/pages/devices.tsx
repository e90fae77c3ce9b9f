import { Page } from "../components/page.tsx";
export function DevicesPage() {
  return (
    <Page title="Devices">
      <p>…</p>
    </Page>
  );
}
