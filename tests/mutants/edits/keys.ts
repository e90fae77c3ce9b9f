import { mutantsOf } from "../mutant.ts";

const VAULT = ["tests/keys/key_vault_test.ts"];
const FILES = ["tests/platform/files_test.ts"];

export const KEYS = [
  ...mutantsOf("keys/key_vault.ts", VAULT, [
    {
      from: "const nonce = random.bytes(GCM_NONCE_BYTES);",
      to: "const nonce = new Uint8Array(GCM_NONCE_BYTES);",
      breaks: "every secret is sealed with one nonce",
    },
    {
      from: `return concat(nonce, await encryptAesGcm(key, { nonce, additional: utf8(context) }, secret));
    },
    async unseal(sealed, context) {
      if (sealed.length < GCM_NONCE_BYTES) return undefined;
      const nonce = sealed.subarray(0, GCM_NONCE_BYTES);
      return await decryptAesGcm(key, { nonce, additional: utf8(context) }, sealed.subarray(GCM_NONCE_BYTES));`,
      to: `return concat(nonce, await encryptAesGcm(key, { nonce, additional: utf8("") }, secret));
    },
    async unseal(sealed, context) {
      if (sealed.length < GCM_NONCE_BYTES) return undefined;
      const nonce = sealed.subarray(0, GCM_NONCE_BYTES);
      return await decryptAesGcm(key, { nonce, additional: utf8("") }, sealed.subarray(GCM_NONCE_BYTES));`,
      breaks: "one device's sealed key opens as another's",
    },
    { from: "if (sealed.length < GCM_NONCE_BYTES) return undefined;", to: "", breaks: "a cut secret is an exception" },
    {
      from: "masterKey.length !== GCM_KEY_BYTES",
      to: "masterKey.length < GCM_KEY_BYTES",
      breaks: "a master key with something behind it is told in other words",
    },
  ]),
  ...mutantsOf("keys/secret_file.ts", ["tests/keys"], [
    { from: "const OTHERS = 0o077;", to: "const OTHERS = 0o007;", breaks: "a key that the group reads is used" },
    {
      from: "const SECRET_MODE = 0o600;",
      to: "const SECRET_MODE = 0o644;",
      breaks: "everybody on the machine reads a new key",
    },
    { from: "await Deno.link(from, to);", to: "await Deno.copyFile(from, to);", breaks: "a key is overwritten" },
    {
      from: "    await syncDirectory(dirname(path));\n",
      to: "",
      breaks: "a power cut takes the master key and leaves what it sealed",
    },
    {
      from: "await writeFileAtomic(temporary, content, SECRET_MODE);",
      to: "await Deno.writeFile(temporary, content, { mode: SECRET_MODE });",
      breaks: "a power cut leaves an empty master key",
    },
    { from: "    await Deno.remove(temporary);\n", to: "", breaks: "a second name of a key stays" },
    {
      from: "if (!warn) throw new",
      to: "if (false) throw new",
      breaks: "a key that others read is used without a word",
    },
  ]),
  ...mutantsOf("keys/device_key.ts", ["tests/keys/device_key_test.ts"], [
    { from: "raw === undefined || raw.length !== 32", to: "raw === undefined", breaks: "a short device key is used" },
  ]),
  ...mutantsOf("keys/chunk_key.ts", ["tests/keys", "tests/ota/chunks"], [
    { from: 'audience === "board" ? utf8(toHex(raw)) : raw', to: "raw", breaks: "boards refuse every chunk" },
  ]),
  ...mutantsOf("keys/firmware_keys.ts", ["tests/keys/firmware_keys_test.ts"], [
    { from: "  await imported(material);\n", to: "", breaks: "keys are kept that cannot be used" },
    { from: "mode: 0o700", to: "mode: 0o755", breaks: "everybody on the machine lists the keys" },
    { from: "    await syncDirectory(folder);\n", to: "", breaks: "a power cut takes keys that devices were given" },
  ]),
  ...mutantsOf("platform/files.ts", FILES, [
    { from: "    await file.sync();\n", to: "", breaks: "a power cut leaves an empty file under the new name" },
    {
      from: "  await syncDirectory(dirname(path));\n",
      to: "",
      breaks: "a power cut brings the old file back after it was said to be replaced",
    },
    { from: "mode = 0o600", to: "mode = 0o644", breaks: "everybody on the machine reads what is replaced" },
    { from: "  await directory.sync();\n", to: "", breaks: "no new name is durable" },
    { from: "truncate: true, ", to: "", breaks: "the end of an interrupted longer file stays" },
  ]),
  ...mutantsOf("platform/backup_archive.ts", ["tests/platform/backup_archive_test.ts"], [
    { from: " || toHex(hash.digest()) !== sha256", to: "", breaks: "a backup that was changed is restored" },
    { from: "if (length !== size || ", to: "if (", breaks: "a backup's sizes are not compared" },
    {
      from: "(\\/[A-Za-z0-9_-][A-Za-z0-9_.+-]*)+$/",
      to: "(\\/[A-Za-z0-9_.+-]+)+$/",
      breaks: "a backup writes outside of its folder",
    },
    {
      from: "if (expected === undefined) throw new NotABackup",
      to: "if (expected === undefined) continue; else if (false) throw new NotABackup",
      breaks: "files that the manifest does not know are passed over",
    },
    { from: "if (first !== undefined) throw", to: "if (false) throw", breaks: "a backup that was cut is restored" },
    {
      from: "write: true, createNew: true, mode: 0o600",
      to: "write: true, createNew: true, mode: 0o644",
      breaks: "everybody on the machine reads restored keys",
    },
    {
      from: "  await file.sync();\n  if (length",
      to: "  if (length",
      breaks: "a power cut after a restore leaves empty files",
    },
    { from: "    if (length > size) break;\n", to: "", breaks: "a backup fills the disk" },
  ]),
  ...mutantsOf("platform/sqlite_backup.ts", ["tests/platform/sqlite_backup_test.ts"], [
    {
      from: "createNew: true, mode: 0o600",
      to: "createNew: true, mode: 0o644",
      breaks: "everybody on the machine reads a copy",
    },
    { from: "    await Deno.remove(path);\n", to: "", breaks: "half a copy is left after a full disk" },
    { from: 'if (found !== "ok") throw', to: "if (false) throw", breaks: "a damaged database is restored" },
    {
      from: 'if (db.prepare("PRAGMA foreign_key_check").get() !== undefined) {',
      to: "if (false) {",
      breaks: "a database with rows of nothing is restored",
    },
  ]),
  ...mutantsOf("platform/migration_copy.ts", ["tests/platform/migration_copy_test.ts"], [
    {
      from: "    if (onTrial) await keepCopy(path);\n",
      to: "",
      breaks: "nothing brings an older program its database back",
    },
    {
      from: "  await file.sync();\n  await Deno.rename(temporary, copy);",
      to: "  await Deno.rename(temporary, copy);",
      breaks: "a power cut leaves an empty copy",
    },
    { from: "  await syncDirectory(dirname(copy));\n", to: "", breaks: "a power cut takes the copy" },
    {
      from: "copied !== undefined && copied <= known",
      to: "copied !== undefined",
      breaks: "a copy is taken that is newer than the program",
    },
    {
      from: "  for (const one of [path, copy]) await requireNoLog(one);\n",
      to: "",
      breaks: "one database's log is read into another",
    },
  ]),
];
