const MIB = 2 ** 20;

/** Resident memory of the node or central at this address, as its metrics tell it, in MiB. */
export async function residentMib(url: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const bytes = /^\w*process_resident_bytes(?:\{[^}]*\})? (\d+)/m.exec(page)?.[1];
  if (bytes === undefined) throw new Error(`the metrics of ${url} do not tell of its memory`);
  return Number(bytes) / MIB;
}
