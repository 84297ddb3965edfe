import type { Grown, GrownOf } from './growth.ts';

type Panel = { readonly title: string; readonly read: (grown: Grown) => number };

const MIB = 2 ** 20;
const panels: readonly Panel[] = [
  { title: 'Time: p50, ms (read at central, sale at a node)', read: ({ p50Ms }) => p50Ms },
  { title: 'Memory: resident, MiB', read: ({ residentMib }) => residentMib },
  { title: 'Disk: file, MiB', read: ({ diskBytes }) => diskBytes / MIB },
  { title: 'Start to first answer, s', read: ({ startSeconds }) => startSeconds },
];
const colours: Readonly<Record<GrownOf, string>> = { central: '#0b6e99', node: '#c2571a' };

const [WIDTH, HEIGHT, MARGIN] = [360, 220, 44];
const COLUMNS = 2;

/** Each figure over the number of positions, both axes logarithmic: a line that rises by one step to the right and up is linear growth. */
export function growthPlot(grown: readonly Grown[]): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const drawn = panels.map((panel, index) => {
    const [x, y] = [(index % COLUMNS) * WIDTH, Math.floor(index / COLUMNS) * HEIGHT];
    return `<g transform="translate(${x} ${y})">${panelOf(panel, grown)}</g>`;
  });
  const [width, height] = [COLUMNS * WIDTH, rows * HEIGHT];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#333">`,
    '<title>Time, memory, disk and start over the number of positions</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf({ title, read }: Panel, grown: readonly Grown[]): string {
  const across = decadesOf(grown.map(({ positions }) => positions));
  const up = decadesOf(grown.map(read));
  const xOf = (positions: number) => MARGIN + share(positions, across) * (WIDTH - 2 * MARGIN);
  const yOf = (value: number) => HEIGHT - MARGIN - share(value, up) * (HEIGHT - 2 * MARGIN);
  const parts = [`<text x="${MARGIN}" y="20" font-weight="bold">${title}</text>`];
  for (const decade of stepsOf(across)) {
    const x = xOf(decade).toFixed(1);
    parts.push(`<path d="M${x} ${MARGIN}V${HEIGHT - MARGIN}" stroke="#ddd"/>`);
    parts.push(`<text x="${x}" y="${HEIGHT - MARGIN + 16}" text-anchor="middle">${shortOf(decade)}</text>`);
  }
  for (const decade of stepsOf(up)) {
    const y = yOf(decade).toFixed(1);
    parts.push(`<path d="M${MARGIN} ${y}H${WIDTH - MARGIN}" stroke="#ddd"/>`);
    parts.push(`<text x="${MARGIN - 6}" y="${y}" dy="4" text-anchor="end">${shortOf(decade)}</text>`);
  }
  for (const [of, colour] of Object.entries(colours)) {
    const own = grown.filter((one) => one.of === of);
    const points = own.map((one) => [xOf(one.positions), yOf(read(one))].map((at) => at.toFixed(1)));
    parts.push(
      `<polyline points="${points.map((at) => at.join()).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    );
    for (const [x, y] of points) parts.push(`<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`);
    const [x, y] = points.at(-1) ?? [];
    parts.push(`<text x="${x}" y="${y}" dx="6" dy="4" fill="${colour}">${of}</text>`);
  }
  return parts.join('');
}

type Decades = { readonly low: number; readonly high: number };

/** The powers of ten around all values; at least one whole decade. */
function decadesOf(values: readonly number[]): Decades {
  const low = Math.floor(Math.log10(Math.min(...values)));
  return { low, high: Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)))) };
}

const share = (value: number, { low, high }: Decades) => (Math.log10(value) - low) / (high - low);
const stepsOf = ({ low, high }: Decades) => Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));

/** As people write it: 10 k, 1 M. */
function shortOf(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  if (value >= 1e3) return `${value / 1e3} k`;
  return String(Number(value.toPrecision(1)));
}
