import { checkDigitOf } from '@edgestock/shared/inventory/gtin';

export type Article = {
  readonly sku: string;
  readonly name: string;
  /** GTIN-13 of the range that shops use for themselves: nobody's real article has it. */
  readonly barcode: string;
  /** Units on the shelf of each warehouse in the beginning. */
  readonly opening: number;
};

const kinds: readonly (readonly [code: string, name: string, sizes: readonly string[]])[] = [
  ['COF', 'coffee beans', ['250 g', '500 g', '1 kg']],
  ['TEA', 'green tea', ['20 bags', '50 bags', '100 g']],
  ['OAT', 'oat drink', ['0.25 l', '1 l', '6 x 1 l']],
  ['PAS', 'spaghetti', ['500 g', '1 kg', '5 kg']],
  ['RIC', 'basmati rice', ['500 g', '1 kg', '5 kg']],
  ['CHO', 'dark chocolate', ['50 g', '100 g', '300 g']],
  ['SOA', 'olive soap', ['100 g', '3 x 100 g', '1 kg']],
  ['CAN', 'beeswax candle', ['small', 'medium', 'large']],
  ['MUG', 'stoneware mug', ['0.2 l', '0.3 l', '0.5 l']],
  ['TOW', 'linen towel', ['30 x 50 cm', '50 x 70 cm', '70 x 140 cm']],
  ['NOT', 'notebook', ['A6', 'A5', 'A4']],
  ['BAT', 'batteries', ['AA 4', 'AAA 4', '9 V 1']],
];
const makers = [
  'Nordlicht',
  'Alpenhof',
  'Hafenkante',
  'Spreewald',
  'Rheingold',
  'Isarblick',
  'Elbufer',
  'Harzer',
  'Weserland',
];

/** The first so many are what everybody wants: few units, wanted at tills and in the web shop. */
const SCARCE_COUNT = 4;
const SCARCE_OPENING = 24;

/** What everybody wants and there is too little of. */
export function scarceSkus(articles: readonly Article[]): readonly string[] {
  return articles.slice(0, SCARCE_COUNT).map(({ sku }) => sku);
}

/** 324 articles, the same ones every time. The earlier ones sell better, and there are more of them. */
export function assortment(): readonly Article[] {
  const articles = kinds.flatMap(([code, kind, sizes]) =>
    makers.flatMap((maker, makerIndex) =>
      sizes.map((size, sizeIndex) => ({
        sku: `${code}-${String(makerIndex * sizes.length + sizeIndex + 1).padStart(3, '0')}`,
        name: `${maker} ${kind}, ${size}`,
      })),
    ),
  );
  return articles.map((article, index) => {
    const body = `200${String(index + 1).padStart(9, '0')}`;
    return {
      ...article,
      barcode: body + checkDigitOf(body),
      opening: index < SCARCE_COUNT ? SCARCE_OPENING : openingOf(index),
    };
  });
}

function openingOf(index: number): number {
  return 40 + Math.round(400 / (1 + index / 20));
}

/** The files that a shop would import. */
export function catalogueCsv(articles: readonly Article[]): string {
  return csvOf(
    ['sku', 'name', 'barcode'],
    articles.map(({ sku, name, barcode }) => [sku, name, barcode]),
  );
}

export function stockCsv(articles: readonly Article[]): string {
  return csvOf(
    ['sku', 'quantity'],
    articles.map(({ sku, opening }) => [sku, String(opening)]),
  );
}

function csvOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map((cell) => `"${cell}"`).join(',')}\n`).join('');
}
