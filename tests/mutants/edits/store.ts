import { mutantsOf } from "../mutant.ts";

const STORE = (...names: readonly string[]) => names.map((name) => `tests/gateway/store/${name}_test.ts`);

export const STORES = [
  ...mutantsOf("gateway/store/database.ts", STORE("database"), [
    { from: 'synchronous: "full"', to: 'synchronous: "normal"', breaks: "a power cut undoes what was acknowledged" },
    { from: "mode: 0o700", to: "mode: 0o755", breaks: "the data directory is open to everybody on the machine" },
    { from: "mode: 0o600", to: "mode: 0o644", breaks: "everybody on the machine reads the database" },
  ]),
  ...mutantsOf("platform/sqlite.ts", ["tests/platform/sqlite_open_test.ts"], [
    {
      from: "PRAGMA synchronous = ${options.synchronous}",
      to: "PRAGMA synchronous = OFF",
      breaks: "nothing is synced to the disk",
    },
    {
      from: "PRAGMA journal_mode = WAL",
      to: "PRAGMA journal_mode = MEMORY",
      breaks: "a kill in a transaction leaves half of it",
    },
    { from: "PRAGMA foreign_keys = ON", to: "PRAGMA foreign_keys = OFF", breaks: "rows may belong to nothing" },
    { from: "PATIENCE_MS = 5_000", to: "PATIENCE_MS = 0", breaks: "a moment's lock is an error" },
    { from: "if (version > migrations.length) {", to: "if (false) {", breaks: "a newer program's database is misread" },
    {
      from: "      if (userVersion(db) !== index) return; // another process was faster\n",
      to: "",
      breaks: "two processes migrate one database twice",
    },
    {
      from: '    if (db.isTransaction) db.exec("ROLLBACK");\n',
      to: "",
      breaks: "half of a transaction that failed stays open",
    },
    {
      from: 'db.exec("BEGIN IMMEDIATE");',
      to: 'db.exec("BEGIN");',
      breaks: "two writers read before either has the lock",
    },
  ]),
  ...mutantsOf("gateway/store/group_commit.ts", STORE("group_commit"), [
    {
      from: "waiting.length >= MAX_WAITING",
      to: "waiting.length > MAX_WAITING",
      breaks: "one more work waits than may",
    },
    { from: "waiting.length >= MAX_WAITING", to: "false", breaks: "works gather without a bound" },
    { from: " && turns < MAX_TURNS", to: "", breaks: "a stream of works puts the commit off for ever" },
    { from: "      undo.run();\n", to: "", breaks: "half of a work that failed is kept" },
    { from: "      job.undone();\n", to: "", breaks: "nobody hears of a work that was undone" },
    { from: "      for (const job of batch) job.undone();\n", to: "", breaks: "nobody hears of works that were lost" },
    {
      from: '      if (db.isTransaction) db.exec("ROLLBACK");\n',
      to: "",
      breaks: "a transaction that failed stays open",
    },
    { from: "      lost = storageFault(error);\n", to: "", breaks: "what is lost is acknowledged" },
    {
      from: 'if (closed) return reject(new Fault("unavailable", "The gateway is stopping", { retryAfter: 5 }));',
      to: "",
      breaks: "works are taken after the end",
    },
    {
      from: "    while (waiting.length > 0) flush();\n",
      to: "",
      breaks: "what waits at the end is not written",
    },
    { from: 'db.prepare("BEGIN IMMEDIATE")', to: 'db.prepare("BEGIN")', breaks: "another writer is met in the middle" },
    {
      from: "isStorageError(error) ? storageFault(error) : error",
      to: "error",
      breaks: "a full disk is told as an exception of the database",
    },
    {
      from: "      notice(error);\n      // A full disk",
      to: "      // A full disk",
      breaks: "nobody hears of a disk that refuses some",
    },
    {
      from: "    trouble = undefined;\n    try {",
      to: "    try {",
      breaks: "a disk that has room again stays in trouble",
    },
    {
      from: "if ((known === undefined) !== (trouble === undefined)) watch(trouble);",
      to: "watch(trouble);",
      breaks: "every batch is told",
    },
  ]),
  ...mutantsOf("gateway/store/sequence_window.ts", STORE("sequence_window"), [
    { from: "  if (sequence === highest) return undefined;\n", to: "", breaks: "the last request can be sent again" },
    { from: "sequence < 1 || ", to: "", breaks: "number 0 is taken" },
    {
      from: "if (highest - sequence > WINDOW ||",
      to: "if (highest - sequence >= WINDOW ||",
      breaks: "the oldest number of the window is refused",
    },
    {
      from: "if (highest - sequence > WINDOW ||",
      to: "if (highest - sequence > WINDOW + 1 ||",
      breaks: "a number below the window can be used twice",
    },
    { from: " || isSet(used, sequence)", to: "", breaks: "an older request can be sent again" },
    { from: "    set(used, sequence);\n", to: "", breaks: "a late request can be sent twice" },
    {
      from: "sequence - highest > WINDOW)",
      to: "sequence - highest >= WINDOW)",
      breaks: "a leap of a window forgets the number it came from",
    },
    {
      from: "  for (let skipped = highest + 1; skipped < sequence; skipped++) clear(used, skipped);\n",
      to: "",
      breaks: "skipped numbers count as used",
    },
    {
      from: "  if (highest > 0) set(used, highest);\n",
      to: "",
      breaks: "the number before the last can be used again",
    },
  ]),
  ...mutantsOf("gateway/store/replay.ts", STORE("replay"), [
    {
      from: "sequence <= last - REPEATABLE",
      to: "sequence < last - REPEATABLE",
      breaks: "a board's number ten below is taken",
    },
    {
      from: "SET last = max(coalesce(last, 0), excluded.last)",
      to: "SET last = excluded.last",
      breaks: "a late upload of a board opens older numbers",
    },
    {
      from: "SET epoch = epoch + 1, last = NULL",
      to: "SET last = NULL",
      breaks: "a board that starts again costs a row an upload",
    },
    {
      from: "if (used.some(({ marks }) => isMark(marks, offset, mark))) return false;",
      to: "if (used.some((found) => found.epoch === epoch && isMark(found.marks, offset, mark))) return false;",
      breaks: "an upload from before a board was reset is taken again",
    },
    {
      from: "if (used.length > 0 && repeated.get(fingerprint, sequence, mark) !== undefined) return false;",
      to: "",
      breaks: "a repeated number's upload can be sent again",
    },
    {
      from: "  if (isMark(mark, 0, UNUSED)) mark[MARK_BYTES - 1] = 1;\n",
      to: "",
      breaks: "an HMAC that begins with zeros is not remembered",
    },
    { from: "      save.run(fingerprint, epoch, sequence);\n", to: "", breaks: "a board's highest number is not kept" },
  ]),
  ...mutantsOf("gateway/store/key_windows.ts", STORE("reserved_numbers", "key_windows", "replay"), [
    {
      from: "highest < HIGHEST_SEQUENCE ? highest + 1 : undefined",
      to: "highest",
      breaks: "a refused device is sent in a circle",
    },
    {
      from: "highest < HIGHEST_SEQUENCE ? highest + 1 : undefined",
      to: "highest + 1",
      breaks: "a device is told a number that nobody takes",
    },
    {
      from: "if (highest !== undefined) rows.saveOwn(device, key, { highest, used: ALL_USED });",
      to: "",
      breaks: "a request under a later key can be sent again after a crash",
    },
    {
      from: "if (key <= lastShared) return",
      to: "if (key < lastShared) return",
      breaks: "the numbers of the key before the update count no more",
    },
    {
      from: "const isShared = windows.shared.claim(sequence);",
      to: "const isShared = false;",
      breaks: "an older program takes numbers again after a rollback",
    },
    {
      from: "windows.shared.undo(isShared ? sequence : undefined);",
      to: "if (isShared) windows.shared.undo(sequence);",
      breaks: "what a lost transaction reserved counts as reserved",
    },
  ]),
  ...mutantsOf("gateway/store/reserved_window.ts", STORE("reserved_numbers", "replay"), [
    {
      from: "this.highest <= this.#reserved",
      to: "this.highest <= this.#reserved + 1",
      breaks: "a number is taken that is not used on disk",
    },
    {
      from: "    this.#reserved = 0;\n    if (sequence",
      to: "    if (sequence",
      breaks: "what a lost transaction reserved counts as reserved",
    },
    {
      from: "if (sequence !== undefined) this.#free.add(sequence);",
      to: "",
      breaks: "a number that was never used is refused",
    },
    {
      from: "return [...this.#free].reduce(setFree, this.#window);",
      to: "return this.#window;",
      breaks: "what was taken back counts as used after a stop",
    },
  ]),
  ...mutantsOf("gateway/store/sessions.ts", ["tests/gateway/store/sessions_test.ts"], [
    {
      from: "WHERE digest = ? AND expires_at > ? RETURNING",
      to: "WHERE digest = ? AND ? > 0 RETURNING",
      breaks: "a link that expired logs in",
    },
    {
      from: "WHERE digest = ? AND expires_at > ?`",
      to: "WHERE digest = ? AND ? > 0`",
      breaks: "a session that expired goes on",
    },
    {
      from: "DELETE FROM login_link WHERE digest = ? AND",
      to: "UPDATE login_link SET role = role WHERE digest = ? AND",
      breaks: "a link logs in twice",
    },
    {
      from: "min(created_at + ${LONGEST_MS}, ?2 + ${IDLE_MS})",
      to: "?2 + ${IDLE_MS}",
      breaks: "a session that is used never ends",
    },
    { from: '      db.exec("DELETE FROM login_link");\n', to: "", breaks: "links outlive the logout of all" },
    {
      from: "return sha256(secret);",
      to: "return new TextEncoder().encode(secret);",
      breaks: "a copy of the database logs in",
    },
  ]),
  ...mutantsOf("gateway/store/tokens.ts", STORE("tokens"), [
    {
      from: "WHERE digest = ? AND revoked_at IS NULL AND",
      to: "WHERE digest = ? AND",
      breaks: "a revoked token is taken",
    },
    {
      from: "WHERE id = ? AND revoked_at IS NULL AND",
      to: "WHERE id = ? AND",
      breaks: "sessions of a revoked token go on",
    },
    {
      from: "WHERE id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)",
      to: "WHERE id = ? AND revoked_at IS NULL AND coalesce(? > 0, TRUE)",
      breaks: "sessions of an expired token go on",
    },
    {
      from: "WHERE digest = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)",
      to: "WHERE digest = ? AND revoked_at IS NULL AND coalesce(expires_at >= ?, TRUE)",
      breaks: "a token is taken at the moment it expires",
    },
    {
      from: "WHERE id = ?1 AND revoked_at IS NULL",
      to: "WHERE id = ?1",
      breaks: "a token is revoked twice, at another time",
    },
    {
      from: "return sha256(secret);",
      to: "return new TextEncoder().encode(secret);",
      breaks: "a copy of the database has all tokens",
    },
  ]),
  ...mutantsOf("gateway/store/device_keys.ts", STORE("devices"), [
    {
      from: "if (!allowPublished && PUBLISHED.has",
      to: "if (false && PUBLISHED.has",
      breaks: "a key that everybody has is taken",
    },
    { from: "raw.length !== KEY_LENGTH", to: "raw.length > KEY_LENGTH", breaks: "a short key is taken" },
    {
      from: "if (nextNumber(deviceId) !== number) {",
      to: "if (false) {",
      breaks: "a key gets a number that was given meanwhile",
    },
    { from: "if (holder.get(print, device.row)) throw", to: "if (false) throw", breaks: "two devices have one key" },
    {
      from: "SET sealed = NULL, revoked_at = ?3",
      to: "SET revoked_at = ?3",
      breaks: "a revoked key stays in the database",
    },
    {
      from: "WHERE device = ? AND revoked_at IS NULL ORDER BY number DESC",
      to: "WHERE device = ? ORDER BY number DESC",
      breaks: "a revoked key is used",
    },
  ]),
  ...mutantsOf("gateway/store/security_log.ts", STORE("security_log"), [
    {
      from: "if (id % SLACK === 0) trim(id);",
      to: "",
      breaks: "the log grows without a bound",
    },
    { from: "      trim(written);\n", to: "", breaks: "what is noted grows the log without a bound" },
    { from: "if (noted.length > MOST) noted.shift();", to: "", breaks: "what is noted grows without a bound" },
    { from: "      last = undefined;\n", to: "", breaks: "two lines of the log have one number" },
    { from: "INSERT OR IGNORE INTO security_log", to: "INSERT INTO security_log", breaks: "lines are written twice" },
    {
      from: 'if (validation.reason !== "ok") count.run(validation.reason);',
      to: "",
      breaks: "refusals are not counted",
    },
  ]),
  ...mutantsOf("gateway/store/block_receipts.ts", STORE("block_receipts"), [
    { from: "under.last >= blockId", to: "under.last > blockId", breaks: "the last block of a range is stored twice" },
    { from: "      if (over) remove.run(device, over.first);\n", to: "", breaks: "ranges that met stay two" },
  ]),
  ...mutantsOf("gateway/store/retention.ts", STORE("retention"), [
    { from: "now > seenAt + AHEAD_MS", to: "false", breaks: "a clock that jumps ahead deletes all history" },
    { from: "now < seenAt - AHEAD_MS", to: "false", breaks: "a clock that came back is not believed for a week" },
    {
      from: "start_ms < ?2 AND end_ms < ?2",
      to: "start_ms < ?2",
      breaks: "samples go before their time, with older ones of their block",
    },
    { from: "now - age - length", to: "now - age", breaks: "a bucket goes before the last of its samples is old" },
  ]),
  ...mutantsOf("gateway/store/directory_lock.ts", ["tests/gateway/store/directory_lock_test.ts"], [
    { from: "BEGIN EXCLUSIVE", to: "BEGIN", breaks: "two gateways run on one directory" },
    { from: "mode: 0o700", to: "mode: 0o755", breaks: "the data directory is open to everybody on the machine" },
  ]),
];
