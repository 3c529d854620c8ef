// The contact centre, through the gateway.
import { contactCentre } from 'keydesk-client';
export { must } from 'keydesk-client';
const { KEYDESK_GATEWAY = 'http://127.0.0.1:8080', KEYDESK_KEY } = process.env;
// While the gateway is away, each second somebody looks whether it is back: what waits here must not be given up.
export const centre = contactCentre({ address: KEYDESK_GATEWAY, key: KEYDESK_KEY, retries: { attempts: Infinity, longestBackoffMs: 1_000 } });
