import { centralStores } from '../testing/central-stores.ts';
import { describePromises } from './promises.contract.ts';

describePromises(centralStores());
