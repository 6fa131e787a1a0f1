import { preset } from '@ebus/tsup-preset';

export default preset({ entry: { index: 'src/index.ts', 'driver/index': 'src/driver/index.ts' } });
