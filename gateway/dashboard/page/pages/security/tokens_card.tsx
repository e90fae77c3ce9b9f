import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { Token } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { Badge } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { RowAction } from "../../components/row_action.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { useNow } from "../../components/now.ts";
import { RelativeTime } from "../../components/time.tsx";
import { useApi } from "../../session.tsx";
import { NewToken } from "./new_token.tsx";

/** Who may use the API: tokens, without their secrets. */
export function TokensCard() {
  const tokens = useResource<{ readonly tokens: readonly Token[] }>("/api/v1/tokens", { every: 60_000 });
  const [revoked, setRevoked] = useState<Token>();
  const now = useNow();
  const api = useApi();
  const announce = useAnnounce();
  const revoke = async ({ id, name }: Token) => {
    await api.send("DELETE", `/api/v1/tokens/${id}`);
    announce.done(`The token ${name} is revoked`);
    tokens.reload();
  };
  return (
    <Card title="Tokens">
      <NewToken onMade={tokens.reload} />
      <Loaded resource={tokens}>
        {({ tokens: all }) => (
          <DataTable
            caption="Tokens of operators and programs"
            columns={columns(now, setRevoked)}
            rows={all}
            rowKey={({ id }) => id}
            empty={
              <Empty title="There is no token yet">
                <p>A token lets a program or a person use the API, or log in here. Make one above.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
      {revoked && (
        <ConfirmDialog
          title={`Revoke the token ${revoked.name}?`}
          confirm="Revoke this token"
          danger
          onConfirm={() => revoke(revoked)}
          onClose={() => setRevoked(undefined)}
        >
          <p>Whoever uses it is refused from now on, and its sessions end. It cannot be taken back.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function columns(now: number, onRevoke: (token: Token) => void): readonly Column<Token>[] {
  return [
    { title: "Name", cell: ({ name }) => name },
    { title: "Role", cell: ({ role }) => role },
    { title: "State", cell: (token) => <TokenState token={token} now={now} /> },
    { title: "Last used", wide: true, cell: (token) => <RelativeTime at={token.last_used_ms} /> },
    { title: "Made", wide: true, cell: ({ created_at_ms }) => <RelativeTime at={created_at_ms} /> },
    {
      title: "Action",
      cell: (token) =>
        token.revoked_at_ms === null && (
          <RowAction label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>Revoke</RowAction>
        ),
    },
  ];
}

function TokenState({ token, now }: { readonly token: Token; readonly now: number }) {
  const { revoked_at_ms, expires_at_ms } = token;
  if (revoked_at_ms !== null) return <Badge tone="bad" text="revoked" />;
  if (expires_at_ms === null) return <Badge tone="good" text="valid" />;
  if (expires_at_ms <= now) return <Badge tone="warn" text="expired" />;
  return (
    <>
      <Badge tone="good" text="valid" />{" "}
      <span class="faint">
        ends <RelativeTime at={expires_at_ms} />
      </span>
    </>
  );
}
