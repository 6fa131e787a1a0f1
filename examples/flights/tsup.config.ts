import { preset } from '@ebus/tsup-preset';

export default preset({ entry: { main: 'src/main.ts' }, dts: false });
