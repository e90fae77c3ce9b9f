import { Card } from "../../components/page.tsx";

/** What an administrator can take away. */
export function DownloadsCard() {
  return (
    <Card title="Downloads">
      <div class="columns">
        <div>
          <p>
            <a class="button" href="/api/v1/system/backup" download>Download a backup</a>
          </p>
          <p class="hint">
            The database as it is now, without keys. <code>ecowatt restore FILE</code> puts it back;{" "}
            <code>ecowatt backup --with-keys FILE</code> on the machine makes one that also opens elsewhere.
          </p>
        </div>
        <div>
          <p>
            <a class="button" href="/api/v1/system/support-bundle" download>Download a support bundle</a>
          </p>
          <p class="hint">
            Versions, states, alarms, settings and the newest log lines, without keys, tokens and passwords. Look it
            through before you hand it on.
          </p>
        </div>
      </div>
    </Card>
  );
}
