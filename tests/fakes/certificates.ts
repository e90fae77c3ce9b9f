/** A certificate authority for tests only, made by openssl in a folder of its own. */
export interface TestAuthority {
  /** PEM file with its certificate. */
  readonly caFile: string;
  /** A server's key and certificate for a host name or address, PEM. */
  issue(host: string): Promise<{ readonly key: string; readonly cert: string }>;
}

export async function createTestAuthority(folder: string): Promise<TestAuthority> {
  const caFile = `${folder}/ca.pem`, caKey = `${folder}/ca.key`;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl("req", "-x509", ...key, "-keyout", caKey, "-out", caFile, "-days", "2", "-subj", "/CN=EcoWatt test CA");
  return {
    caFile,
    async issue(host) {
      const name = `${folder}/${host}`;
      const kind = /^[\d.]+$/.test(host) ? "IP" : "DNS";
      await openssl("req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${host}`);
      await Deno.writeTextFile(`${name}.ext`, `subjectAltName=${kind}:${host}\nextendedKeyUsage=serverAuth\n`);
      const sign = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-extfile", `${name}.ext`, "-days", "2"];
      await openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...sign);
      return { key: await Deno.readTextFile(`${name}.key`), cert: await Deno.readTextFile(`${name}.pem`) };
    },
  };
}

async function openssl(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
