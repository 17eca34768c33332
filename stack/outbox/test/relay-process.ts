import { startRelay } from '../src';

// A process of its own, so that the test can kill it. Options come as JSON in the environment.
const options = JSON.parse(process.env.RELAY_OPTIONS ?? '{}') as Parameters<typeof startRelay>[0];
const say = (message: string) => console.log(message);
const relay = startRelay({ ...options, log: { info: say, warn: say, error: say } });
process.once('SIGTERM', () => void relay.stop().then(() => process.exit(0)));
