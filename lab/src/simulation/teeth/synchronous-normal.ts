import { loseLastPages } from '../lose-last-pages.ts';
import type { Tooth } from '../tooth.ts';

export const synchronousNormal: Tooth = {
  name: 'synchronous-normal',
  breaks: 'a node commits with synchronous=NORMAL, as the driver opens a database of this kind',
  showsIn: 'a power cut: of what was committed and answered, the last seconds are gone',
  seedsMax: 80,
  plant: () => ({
    afterCrash: (file, of) => {
      if (of === 'node') loseLastPages(file, 12);
    },
  }),
};
