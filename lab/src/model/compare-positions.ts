/** What is set aside of a position, as the node and central both tell it. */
export const asideNames = ['reserved', 'committed', 'quota', 'safetyStock'] as const;
export type Asides = Readonly<Record<(typeof asideNames)[number], number>>;
export const noAsides: Asides = { reserved: 0, committed: 0, quota: 0, safetyStock: 0 };

/** A position as one witness tells it. */
export type Told = Asides & { readonly onHand: number; readonly version: number };

/** Only what is compared of an answer that says more. */
export function toldOf(answer: Told): Told {
  const { onHand, version, reserved, committed, quota, safetyStock } = answer;
  return { onHand, version, reserved, committed, quota, safetyStock };
}

/** One position about which the witnesses do not agree. */
export type Mismatch = {
  readonly warehouse: string;
  readonly sku: string;
  readonly model: number;
  readonly node: number;
  readonly central: number;
  /** Present where the units agree and what is set aside of them does not. */
  readonly asides?: { readonly node: Asides; readonly central: Asides };
  /** Present where all quantities agree and the histories do not. */
  readonly versions?: { readonly node: number; readonly central: number };
};

/**
 * Every position that any of the three knows, where they differ. A position that a witness does not know counts as zero
 * units, as it does for everyone who asks; equal units with another version mean that a movement and its opposite are missing.
 */
export function mismatchesOf(
  warehouse: string,
  told: {
    readonly model: ReadonlyMap<string, number>;
    readonly node: ReadonlyMap<string, Told>;
    readonly central: ReadonlyMap<string, Told>;
  },
): readonly Mismatch[] {
  const skus = new Set([...told.model.keys(), ...told.node.keys(), ...told.central.keys()]);
  return [...skus].flatMap((sku) => {
    const [atNode, atCentral] = [told.node.get(sku), told.central.get(sku)];
    const units = {
      warehouse,
      sku,
      model: told.model.get(sku) ?? 0,
      node: atNode?.onHand ?? 0,
      central: atCentral?.onHand ?? 0,
    };
    if (units.model !== units.node || units.node !== units.central) return [units];
    const asides = { node: asidesOf(atNode), central: asidesOf(atCentral) };
    if (asideNames.some((name) => asides.node[name] !== asides.central[name])) return [{ ...units, asides }];
    const versions = { node: atNode?.version ?? 0, central: atCentral?.version ?? 0 };
    return versions.node === versions.central ? [] : [{ ...units, versions }];
  });
}

function asidesOf({ reserved, committed, quota, safetyStock }: Asides = noAsides): Asides {
  return { reserved, committed, quota, safetyStock };
}
