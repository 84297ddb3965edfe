/** What goes wrong in a life beyond lines, the broker and processes. Never two of it: then nobody would know all of a log. */
export type LifeKind = 'nothing' | 'central put back' | 'history trimmed' | 'bad disks';
export const lifeKinds: readonly { readonly weight: number; readonly option: LifeKind }[] = [
  { weight: 5, option: 'nothing' },
  { weight: 3, option: 'central put back' },
  { weight: 2, option: 'history trimmed' },
  { weight: 2, option: 'bad disks' },
];
