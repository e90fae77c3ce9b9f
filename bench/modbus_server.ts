/** The leanest possible Modbus TCP server: ten fixed registers for every request. Prints its port. */
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
await Deno.stdout.write(new TextEncoder().encode(`${listener.addr.port}\n`));

for await (const connection of listener) {
  connection.setNoDelay(true);
  serve(connection).catch(() => {});
}

async function serve(connection: Deno.Conn): Promise<void> {
  const request = new Uint8Array(512);
  const answer = new Uint8Array(29);
  answer[5] = 23;
  answer[7] = 3;
  answer[8] = 20;
  while (await connection.read(request) !== null) {
    answer[0] = request[0] ?? 0;
    answer[1] = request[1] ?? 0;
    answer[6] = request[6] ?? 0;
    await connection.write(answer);
  }
}
