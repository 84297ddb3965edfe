import { mkdirSync } from 'node:fs';
import { locked } from './lock.mjs';
import { findNatsServer, isNatsServerSettled, obtainNatsServer } from './nats-server.mjs';
import { ROOT, TOOLS } from './pins.mjs';
import { environment, installToolchain, isToolchainReady, toolchain } from './toolchain.mjs';
import { installWorkspace, isWorkspaceReady } from './workspace.mjs';

/** Makes the checkout runnable and returns `{ node, env }` for whatever runs next. Doing it again costs nothing. */
export function setUp() {
  mkdirSync(TOOLS, { recursive: true });
  const tools = toolchain();
  const env = environment(tools, ROOT);
  if (!isReady(tools)) locked(() => complete(tools, env));
  let server = findNatsServer();
  if (!isNatsServerSettled(server)) server = locked(() => settledServer());
  if (server) env.EDGESTOCK_NATS_SERVER = server.path;
  return { node: tools.node, env };
}

function isReady(tools) {
  return isToolchainReady(tools) && isWorkspaceReady();
}

/** Asks again under the lock: another process may have done the work while this one waited. */
function complete(tools, env) {
  if (!isToolchainReady(tools)) installToolchain(tools);
  if (!isWorkspaceReady()) installWorkspace(tools, env);
}

function settledServer() {
  const server = findNatsServer();
  return isNatsServerSettled(server) ? server : obtainNatsServer(server);
}
