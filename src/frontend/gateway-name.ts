/** Where several gateways serve one engine, a session's calls must come back to the gateway that relays it: it is named at the start. */
import { longestStartupPacket } from '../wire/startup.js';

/** Length, protocol version, and the zero at the end. */
const startupFrameBytes = 9;

/** Parameters that fill a startup packet to the brim go as they are: PostgreSQL would refuse a longer one. */
export function nameGateway(
  parameters: Map<string, string>,
  gatewayId: string | undefined,
): Map<string, string> {
  if (gatewayId === undefined) return parameters;
  const named = new Map([...parameters, ['hologen.gateway', gatewayId]]);
  const bytes = [...named].flat().reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  return bytes + startupFrameBytes > longestStartupPacket ? parameters : named;
}
