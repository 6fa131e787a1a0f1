import { preset } from '@ebus/tsup-preset';

export default preset({ entry: { index: 'src/index.ts' } });
